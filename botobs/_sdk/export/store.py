"""Where encoded requests wait that could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .lanes import Lane

Loss = tuple[str, Lane, str, int]
"""Reason, lane, signal and items of something that was given up."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One encoded request.

    Attributes:
        signal: `traces`, `metrics` or `logs`.
        lane: The priority of what is in it.
        items: Spans or log records in it; 1 for metrics.
        file: Where the spool keeps it; None where memory does.
    """

    signal: str
    lane: Lane
    body: bytes
    items: int
    file: Path | None = None


class Store(Protocol):
    """Keeps parcels in order. Used by the export thread alone."""

    @property
    def durable(self) -> bool:
        """Whether what is in it survives the process."""

    @property
    def refusal(self) -> str:
        """Why it cannot keep anything on disk although it was asked to, for a person; empty else."""

    @property
    def bytes(self) -> int:
        """Of all that waits."""

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""

    def full(self, signal: str) -> bool:
        """Whether more of a signal had better wait in the queue, which knows what matters."""

    def add(self, parcel: Parcel) -> list[Loss]:
        """Keep a parcel; what had to be given up for it, or it itself."""

    def oldest(self, signal: str) -> Parcel | None:
        """The parcel of a signal to deliver next."""

    def remove(self, parcel: Parcel) -> None:
        """Forget a parcel that `oldest` gave."""

    def expire(self) -> list[Loss]:
        """Give up what is too old; what that was."""

    def close(self) -> list[Loss]:
        """Let go of everything; what is lost by that."""

    def after_fork(self) -> None:
        """In a forked child: what waits is the parent's."""


class Memory:
    """Holds the one batch of each signal that is being sent.

    Metrics need no keeping: the next collection has all of it.
    """

    durable = False
    refusal = ""

    def __init__(self) -> None:
        self._held: dict[str, Parcel] = {}

    @property
    def bytes(self) -> int:
        """Of the batches."""
        return sum(len(parcel.body) for parcel in self._held.values())

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._held

    def full(self, signal: str) -> bool:
        """Whether a batch waits."""
        return signal in self._held

    def add(self, parcel: Parcel) -> list[Loss]:
        """Keep a batch; there is none of its signal yet."""
        if parcel.signal != "metrics":
            self._held[parcel.signal] = parcel
        return []

    def oldest(self, signal: str) -> Parcel | None:
        """The batch."""
        return self._held.get(signal)

    def remove(self, parcel: Parcel) -> None:
        """Forget the batch."""
        self._held.pop(parcel.signal, None)

    def expire(self) -> list[Loss]:
        """Nothing grows too old here: the queue is bounded."""
        return []

    def close(self) -> list[Loss]:
        """Lose the batches, if there are any."""
        held, self._held = self._held, {}
        return [("shutdown", parcel.lane, parcel.signal, parcel.items) for parcel in held.values()]

    def after_fork(self) -> None:
        """Forget the parent's batches."""
        self._held = {}
