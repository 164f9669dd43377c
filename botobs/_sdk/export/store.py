"""Where encoded batches wait that could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .priority import Priority

Loss = tuple[str, Priority, str, int]
"""Reason, priority, signal and number of items of something that was dropped."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One encoded export request.

    Attributes:
        signal: `traces`, `metrics` or `logs`.
        priority: Of all items in it.
        body: The encoded request.
        items: Number of spans or log records in it; 1 for metrics.
        file: Its file in the spool; None if it is kept in memory.
    """

    signal: str
    priority: Priority
    body: bytes
    items: int
    file: Path | None = None


class Store(Protocol):
    """Keeps batches in the order in which they were recorded. Used by the export thread alone."""

    @property
    def durable(self) -> bool:
        """Whether what is in it survives the process."""

    @property
    def disk_error(self) -> str:
        """Why nothing can be kept on disk although `spool_dir` is set, for a person; empty otherwise."""

    @property
    def bytes(self) -> int:
        """Bytes of everything that waits."""

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""

    def full(self, signal: str) -> bool:
        """Whether more items of a signal should stay in the queue, which drops by priority."""

    def add(self, batch: Batch) -> list[Loss]:
        """Keep a batch; returns what was dropped for it, or the batch itself."""

    def oldest(self, signal: str) -> Batch | None:
        """The batch of a signal to deliver next; None if none waits."""

    def remove(self, batch: Batch) -> None:
        """Remove a batch that `oldest` returned."""

    def replace(self, batch: Batch, rest: Batch) -> list[Loss]:
        """Keep `rest` in place of a batch that `oldest` returned; returns what was dropped for it."""

    def expire(self) -> list[Loss]:
        """Drop what is too old; returns what was dropped."""

    def close(self) -> list[Loss]:
        """Release everything; returns what is lost by that."""

    def after_fork(self) -> None:
        """Start empty in a forked child: what waits is the parent's."""


class Memory:
    """Holds the batches of each signal that are being sent: the parts of one encoding.

    Metrics are not kept: they are cumulative, so the next collection contains them.
    """

    durable = False
    disk_error = ""

    def __init__(self) -> None:
        self._held: dict[str, list[Batch]] = {}

    @property
    def bytes(self) -> int:
        """Bytes of the batches."""
        return sum(len(batch.body) for held in self._held.values() for batch in held)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._held

    def full(self, signal: str) -> bool:
        """Whether a batch of the signal waits."""
        return signal in self._held

    def add(self, batch: Batch) -> list[Loss]:
        """Keep a batch, unless it is of metrics. Nothing is dropped."""
        if batch.signal != "metrics":
            self._held.setdefault(batch.signal, []).append(batch)
        return []

    def oldest(self, signal: str) -> Batch | None:
        """The first batch of the signal, if there is one."""
        return self._held[signal][0] if signal in self._held else None

    def remove(self, batch: Batch) -> None:
        """Remove a batch."""
        held = [other for other in self._held.pop(batch.signal, ()) if other is not batch]
        if held:
            self._held[batch.signal] = held

    def replace(self, batch: Batch, rest: Batch) -> list[Loss]:
        """Hold `rest` in place of a batch. Nothing is dropped."""
        self._held[batch.signal] = [rest if other is batch else other for other in self._held[batch.signal]]
        return []

    def expire(self) -> list[Loss]:
        """Nothing: batches in memory have no age limit, the queue is bounded."""
        return []

    def close(self) -> list[Loss]:
        """Drop the batches; returns them as losses with the reason `shutdown`."""
        held, self._held = self._held, {}
        return [
            ("shutdown", batch.priority, batch.signal, batch.items)
            for batches in held.values()
            for batch in batches
        ]

    def after_fork(self) -> None:
        """Start empty in a forked child."""
        self._held = {}
