"""The states of a bot and the ways between them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What a bot is doing."""

    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class Desired(StrEnum):
    """What its owner wants it to do; kept over restarts of the manager."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Command(StrEnum):
    """A command that a bot's owner can send."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


_NEXT: dict[State, frozenset[State]] = {
    State.CREATED: frozenset({State.STARTING, State.STOPPED, State.FAILED}),
    State.STARTING: frozenset({State.RUNNING, State.FAILED, State.STOPPING}),
    State.RUNNING: frozenset({State.PAUSED, State.STOPPING, State.FAILED}),
    State.PAUSED: frozenset({State.RUNNING, State.STOPPING, State.FAILED}),
    State.STOPPING: frozenset({State.STOPPED, State.FAILED}),
    State.STOPPED: frozenset({State.STARTING, State.FAILED}),
    # A start that could not be written down fails again.
    State.FAILED: frozenset({State.STARTING, State.STOPPING, State.FAILED}),
}

_ALLOWED: dict[Command, frozenset[State]] = {
    Command.START: frozenset({State.CREATED, State.STOPPED, State.FAILED}),
    Command.PAUSE: frozenset({State.RUNNING}),
    Command.RESUME: frozenset({State.PAUSED}),
    Command.STOP: frozenset({State.STARTING, State.RUNNING, State.PAUSED, State.FAILED}),
}

_WANTED: dict[Command, Desired] = {
    Command.START: Desired.RUNNING,
    Command.PAUSE: Desired.PAUSED,
    Command.RESUME: Desired.RUNNING,
    Command.STOP: Desired.STOPPED,
}


class LifecycleError(Exception):
    """A bot was asked for something that its state does not allow."""


def check_transition(current: State, target: State) -> None:
    """Refuse a change of state that makes no sense.

    Raises:
        LifecycleError: There is no transition from `current` to `target`.
    """
    if target not in _NEXT[current]:
        raise LifecycleError(f"a bot that is {current} cannot become {target}")


def wanted_after(command: Command, current: State) -> Desired:
    """What is wanted from a bot in state `current` after `command`.

    Raises:
        LifecycleError: The command does not fit the state.
    """
    if current not in _ALLOWED[command]:
        allowed = ", ".join(sorted(_ALLOWED[command]))
        raise LifecycleError(f"a bot that is {current} cannot be given '{command}'; allowed: {allowed}")
    return _WANTED[command]


def restart_delay(failures: int, first: float = 1.0, limit: float = 30.0) -> float:
    """Seconds to wait after `failures` failures in a row: `first`, doubled each time, up to `limit`."""
    return float(min(limit, first * 2 ** (failures - 1)))
