"""What takes part in botobs' start and end without being imported by it.

`botobs.trading` is used by some services only, and the SDK must not import the public packages that stand on it. It
registers itself here when a service imports it.
"""

from __future__ import annotations

from typing import Protocol


class Participant(Protocol):
    """Something that records through botobs and has a clean stop of its own to report."""

    def connect(self) -> None:
        """Report what exists already to the providers that are in force now."""

    def goodbye(self) -> None:
        """Report a clean stop of everything that this process watches."""


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
