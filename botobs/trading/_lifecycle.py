"""The states of a bot and the ways between them."""

from __future__ import annotations

from typing import Literal, get_args

State = Literal["created", "starting", "running", "paused", "stopping", "stopped", "failed"]

STATES: tuple[State, ...] = get_args(State)

#: States in which a bot is expected to take turns, or is on its way to or from there.
ACTIVE: frozenset[State] = frozenset({"starting", "running", "stopping"})

_NEXT: dict[State, frozenset[State]] = {
    "created": frozenset({"starting", "running", "paused", "stopping", "stopped", "failed"}),
    "starting": frozenset({"running", "paused", "stopping", "stopped", "failed"}),
    "running": frozenset({"paused", "stopping", "stopped", "failed"}),
    "paused": frozenset({"running", "stopping", "stopped", "failed"}),
    "stopping": frozenset({"stopped", "failed"}),
    "stopped": frozenset({"starting", "running"}),
    "failed": frozenset({"starting", "running", "stopping", "stopped"}),
}


def is_legal(current: State, target: State) -> bool:
    """Whether a bot that is `current` may become `target`."""
    return target in _NEXT[current]


def is_restart(current: State, target: State) -> bool:
    """Whether this change starts a bot again after a failure."""
    return current == "failed" and target in ("starting", "running")
