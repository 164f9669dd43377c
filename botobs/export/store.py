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
        signal: `traces` or `metrics`.
        lane: The priority of what is in it.
        items: Spans in it; 1 for metrics.
        file: Where the spool keeps it.
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
    def bytes(self) -> int:
        """Of all that waits."""

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""

    @property
    def full(self) -> bool:
        """Whether spans had better wait in the queue, which knows what matters."""

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
    """Holds the one batch of spans that is being sent. Metrics need no keeping: the next collection has all of it."""

    durable = False

    def __init__(self) -> None:
        self._held: Parcel | None = None

    @property
    def bytes(self) -> int:
        """Of the batch."""
        return len(self._held.body) if self._held is not None else 0

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._held is None

    @property
    def full(self) -> bool:
        """Whether a batch waits."""
        return self._held is not None

    def add(self, parcel: Parcel) -> list[Loss]:
        """Keep a batch of spans; there is none yet."""
        if parcel.signal == "traces":
            self._held = parcel
        return []

    def oldest(self, signal: str) -> Parcel | None:
        """The batch."""
        return self._held if signal == "traces" else None

    def remove(self, parcel: Parcel) -> None:  # noqa: ARG002
        """Forget the batch."""
        self._held = None

    def expire(self) -> list[Loss]:
        """Nothing grows too old here: the queue is bounded."""
        return []

    def close(self) -> list[Loss]:
        """Lose the batch, if there is one."""
        held, self._held = self._held, None
        return [("shutdown", held.lane, held.signal, held.items)] if held is not None else []

    def after_fork(self) -> None:
        """Forget the parent's batch."""
        self._held = None
