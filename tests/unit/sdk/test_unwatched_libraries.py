"""A library that could be watched and is not is named, with the package that would do it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import botobs
from botobs._ops.cli import main
from botobs._ops.doctor import checks
from botobs._sdk.instrument.registry import State

Installs = Callable[..., None]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installs:
    """Installs a distribution without contents: its module and its metadata."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def call(name: str, release: str, module: str) -> None:
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text("")
        folder = tmp_path / f"{name.replace('-', '_')}-{release}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n")
        (folder / "top_level.txt").write_text(f"{module}\n")

    return call


def instrumentor(library: str) -> str:
    """Upstream's package, in the release of the instrumentations that are installed."""
    return f"opentelemetry-instrumentation-{library}=={version('opentelemetry-instrumentation')}"


def unwatched(handle: botobs.Handle) -> dict[str, str]:
    return {each.name: each.detail for each in handle.instrumentations if each.state is State.UNWATCHED}


def findings(handle: botobs.Handle) -> dict[str, tuple[str, str]]:
    return {
        found.text.partition(":")[0]: (found.text, found.hint) for found in checks.instrumentations(handle)
    }


@pytest.mark.parametrize(
    ("library", "release", "module", "package"),
    [
        ("redis", "8.1.0", "redis", "redis"),
        ("psycopg2-binary", "2.9.10", "psycopg2", "psycopg2"),
        ("aio-pika", "10.0.0", "aio_pika", "aio-pika"),
        ("kafka-python", "2.2.0", "kafka", "kafka-python"),
        ("celery", "5.6.0", "celery", "celery"),
    ],
)
def test_what_a_service_imports_is_named_with_what_to_install(
    init: Callable[..., botobs.Handle],
    installed: Installs,
    library: str,
    release: str,
    module: str,
    package: str,
) -> None:
    installed(library, release, module)
    handle = init()
    assert package.replace("-", "_") not in unwatched(handle)
    __import__(module)
    try:
        assert unwatched(handle)[package.replace("-", "_")] == f"pip install {instrumentor(package)}"
    finally:
        del sys.modules[module]


def test_doctor_names_what_is_installed(init: Callable[..., botobs.Handle], installed: Installs) -> None:
    installed("redis", "8.1.0", "redis")
    text, hint = findings(init())["redis"]
    assert text == "redis: not watched; its instrumentor is not installed"
    assert hint == f"pip install {instrumentor('redis')}"


def test_a_release_that_no_instrumentor_knows(
    init: Callable[..., botobs.Handle], installed: Installs
) -> None:
    installed("celery", "77.0", "celery")
    text, hint = findings(init())["celery"]
    assert text.startswith("celery: not watched; its instrumentor knows celery")
    assert "77.0 is installed" in text
    assert hint == ""


def test_what_nobody_has_an_instrumentor_for_is_named_with_the_way_out(
    init: Callable[..., botobs.Handle], installed: Installs
) -> None:
    installed("aiomysql", "0.3.2", "aiomysql")
    handle = init()
    assert "aiomysql" not in unwatched(handle)
    __import__("aiomysql")
    try:
        assert "botobs.span()" in unwatched(handle)["aiomysql"]
    finally:
        del sys.modules["aiomysql"]
    text, hint = findings(handle)["aiomysql"]
    assert text.startswith("aiomysql: not watched; no instrumentor")
    assert hint == ""


def test_what_is_watched_or_only_comes_along_is_not_named(
    init: Callable[..., botobs.Handle], installed: Installs
) -> None:
    installed("pydantic", "2.9", "pydantic_of_others")
    installed("asgiref", "3.13", "asgiref")
    found = [text for text, hint in findings(init()).values() if hint]
    watched = (
        "aiohttp",
        "asyncpg",
        "httpx",
        "requests",
        "sqlalchemy",
        "psutil",
        "structlog",
        "asgiref",
        "pydantic",
    )
    assert not [text for text in found if text.startswith(watched)]


def test_the_command_prints_one_line_to_install_all(
    installed: Installs, capsys: pytest.CaptureFixture[str]
) -> None:
    installed("redis", "8.1.0", "redis")
    installed("celery", "5.6.0", "celery")
    assert main(["instrument"]) == 0
    printed = capsys.readouterr().out
    assert f"redis: {instrumentor('redis')}\n" in printed
    (command,) = (line for line in printed.splitlines() if line.startswith("pip install "))
    assert {instrumentor("redis"), instrumentor("celery")} <= set(command.split()[2:])
    assert "sqlite3" not in printed
    assert "urllib.request" not in printed


def test_the_command_for_machines(installed: Installs, capsys: pytest.CaptureFixture[str]) -> None:
    installed("redis", "8.1.0", "redis")
    assert main(["instrument", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert instrumentor("redis") in answer["packages"]
    row = next(row for row in answer["libraries"] if row["library"] == "redis")
    assert row["package"] == instrumentor("redis")


def test_it_installs_on_request_alone(
    installed: Installs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed("redis", "8.1.0", "redis")
    ran: list[list[str]] = []

    class Done:
        returncode = 1

    def run(command: list[str], **_: Any) -> Done:
        ran.append(command)
        return Done()

    monkeypatch.setattr(subprocess, "run", run)
    main(["instrument"])
    assert ran == []
    assert main(["instrument", "--install"]) == 1
    (command,) = ran
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert instrumentor("redis") in command
    assert "pip could not install" in capsys.readouterr().err
