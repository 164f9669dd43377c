"""Fixtures of the SDK's tests: a receiver, a quiet environment, and an end to whatever a test started."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import botobs

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tests"))

from support.otlp_receiver import OtlpReceiver, receiving  # noqa: E402


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    """A collector's ear."""
    with receiving() as listening:
        yield listening


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    botobs.shutdown(1.0)


@pytest.fixture
def init(receiver: OtlpReceiver, tmp_path: Path) -> Callable[..., botobs.Handle]:
    """`botobs.init` into the receiver, with nothing from the machine's environment and no library watched."""

    def call(**arguments: Any) -> botobs.Handle:
        given = {
            "service_name": "tested",
            "endpoint": receiver.endpoint,
            "disabled_instrumentations": ["all"],
            "environ": {"HOME": str(tmp_path)},
            **arguments,
        }
        return botobs.init(**given)

    return call


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def program(code: str) -> str:
    """A program that starts botobs from its environment and goes on with `code`."""
    head = """
    import botobs, os, signal, sys, threading, time
    """
    return textwrap.dedent(head) + textwrap.dedent(code)


@pytest.fixture
def environment(receiver: OtlpReceiver, tmp_path: Path) -> dict[str, str]:
    """Variables of a process that reports to the receiver."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "BOTOBS_SERVICE_NAME": "tested",
        "BOTOBS_ENDPOINT": receiver.endpoint,
        "BOTOBS_DISABLED_INSTRUMENTATIONS": "all",
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts programs; those that still run at the end of the test are killed."""
    started: list[subprocess.Popen[str]] = []

    def call(code: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program(code)],
            env=environment | variables,
            cwd=tmp_path,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
