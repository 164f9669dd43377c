"""Hooks by which other packages take part in the start and stop of botobs.

`botobs.trading` is used by some services only, and the SDK must not import the public packages that use it. So it
registers itself here when a service imports it.
"""

from __future__ import annotations

from typing import Protocol


class Participant(Protocol):
    """A package that records through botobs and reports its own clean stop."""

    def connect(self) -> None:
        """Report what already exists to the current providers."""

    def goodbye(self) -> None:
        """Report a clean stop of everything that this process monitors."""


_participants: list[Participant] = []


def register(participant: Participant) -> None:
    """Let `participant` take part from now on."""
    _participants.append(participant)


def connect() -> None:
    """Connect every participant; see `Participant.connect`."""
    for participant in _participants:
        participant.connect()


def goodbye() -> None:
    """Report the clean stop of every participant; see `Participant.goodbye`."""
    for participant in _participants:
        participant.goodbye()
