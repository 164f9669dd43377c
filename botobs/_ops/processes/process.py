"""One process of the stack: how it is started, and what is known of it while it runs."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """What a process is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Process:
    """One process of the stack, as it is started.

    Attributes:
        name: Unique in the stack.
        command: Program and arguments; no secret may be among them.
        ready: Whether it is ready; called until it is.
        environ: Its whole environment.
        after: Names of the processes that must be ready first.
        stop_signal: What makes it stop in good order.
        stop_budget: Seconds that it has for it.
        start_budget: Seconds that it has to become ready; twice as many after each time that it was killed for it.
        watched: Whether it is restarted when it stands still.
        prepare: Run before every start.
        finish_start: Run once it is ready the first time; the processes after it wait for that.
        user: Name of the user to run as, or None for ours.
        directory: Working directory.
        url: Where a person or a program reaches it, without secrets.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    environ: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    stop_signal: int = signal.SIGTERM
    stop_budget: float = 10.0
    start_budget: float = 90.0
    watched: bool = True
    prepare: Callable[[], Awaitable[None]] | None = None
    finish_start: Callable[[], Awaitable[None]] | None = None
    user: str | None = None
    directory: Path | None = None
    url: str = ""


@dataclass
class Status:
    """What the supervisor knows of a process."""

    state: State = State.WAITING
    pid: int | None = None
    restarts: int = 0
    since: float = 0.0
