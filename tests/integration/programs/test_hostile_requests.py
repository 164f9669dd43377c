"""Frameworks that upstream's instrumentors watch answer what nobody means well as they do without botobs."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import environment

PROGRAMS = Path(__file__).parent / "programs"
REQUIREMENTS = [
    "falcon>=4",
    "flask>=3",
    "grpcio>=1.70",
    "litestar>=2.14",
    "pyramid>=2",
    "tornado>=6.5",
    "uvicorn>=0.30",
    "waitress>=3",
    *(
        f"opentelemetry-instrumentation-{name}>=0.66b0"
        for name in ("asgi", "falcon", "flask", "grpc", "pyramid", "tornado", "wsgi")
    ),
]


@functools.cache
def python() -> str:
    """The Python of the environment; made ready once."""
    return str(environment("frameworks", REQUIREMENTS))


def run(*words: str) -> Any:
    """What a program prints."""
    done = subprocess.run(
        [python(), *words],
        cwd=PROGRAMS,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("framework", ["falcon", "flask", "litestar", "pyramid", "tornado", "wsgi"])
def test_a_framework_answers_as_without(framework: str) -> None:
    plain, watched = (run("hostile_web.py", framework, mode) for mode in ("plain", "watched"))
    assert watched["answers"] == plain["answers"]
    names = {name for name, _ in watched["spans"]}
    # Nothing of what was made up: three routes, six methods, with a route and without.
    assert not [name for name in names if "MADE" in name or "/up" in name or "/a/1" in name]
    assert len(names) < 12
    if framework != "wsgi":
        assert any("/broken" in name for name in names)
    # No request is part of one before it.
    assert {parent for _, parent in watched["spans"]} == {""}


@pytest.mark.parametrize("kind", ["functions", "coroutines"])
def test_calls_of_grpc_are_as_without(kind: str) -> None:
    plain, watched = (run("grpc_calls.py", kind, mode) for mode in ("plain", "watched"))
    assert watched["answers"] == plain["answers"]
    for side in ("client", "server"):
        assert {"/s/plain", "/stream/some", "/other/other"} <= {
            name for name, kind in watched["spans"] if kind == side
        }
