"""`stack.json`: what runs and where, so that services and commands find it by themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from .errors import StackError
from .home import Home, published_state
from .secrets import write_secret


@dataclass(frozen=True)
class Running:
    """A running stack.

    Attributes:
        home: Its folder.
        pid: Its supervisor.
        environment: Its deployment environment.
        parts: Address by part.
    """

    home: Home
    pid: int
    environment: str
    parts: Mapping[str, str]


def write(home: Home, environment: str, otlp: str, parts: Mapping[str, str], publish: bool) -> None:
    """Write the file, and with `publish` a copy where every service of this user looks."""
    content = json.dumps(
        {
            "version": 1,
            "pid": os.getpid(),
            "home": str(home.path),
            "environment": environment,
            "otlp": {
                "endpoint": otlp,
                "certificate": str(home.secrets / "ca.pem"),
                "token_file": str(home.secrets / "service.token"),
            },
            "parts": {name: {"url": url} for name, url in parts.items()},
        },
        indent=1,
    )
    write_secret(home.state, content)
    if publish:
        published_state().parent.mkdir(parents=True, exist_ok=True)
        write_secret(published_state(), content)


def remove(home: Home) -> None:
    """Remove the file, and the published copy when it is of this stack."""
    home.state.unlink(missing_ok=True)
    shared = _read(published_state())
    if shared is not None and shared.get("home") == str(home.path):
        published_state().unlink(missing_ok=True)


def find(home: Home | None = None, environ: Mapping[str, str] = os.environ) -> Running | None:
    """The running stack of `home`; without one, that of `BOTOBS_HOME`, else the published one."""
    if home is not None:
        return _running(home.state)
    return _running(Home.from_environ(environ).state) or _running(published_state(environ))


def require(home: Home | None = None) -> Running:
    """Like `find`.

    Raises:
        StackError: Nothing runs.
    """
    running = find(home)
    if running is None:
        raise StackError("no stack is running", "Start one with: botobs up")
    return running


def _running(path: Path) -> Running | None:
    raw = _read(path)
    if raw is None or not psutil.pid_exists(raw["pid"]):
        return None
    return Running(
        home=Home(Path(raw["home"])),
        pid=raw["pid"],
        environment=raw["environment"],
        parts={name: part["url"] for name, part in raw["parts"].items()},
    )


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
