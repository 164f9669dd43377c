"""Sends batches in the order in which they were recorded, and keeps those that cannot be sent yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .counts import Counts
from .delivery import Delivery
from .store import Batch, Loss, Store


class Outlet:
    """A signal's stored batches are sent before its new ones. Used by the export thread alone.

    Args:
        store: Where batches wait.
        delivery: Sends one batch.
        counts: Where losses are counted.
        before_each: Called with the deadline before a batch is sent, for what is more urgent.

    Attributes:
        quiet: Whether failures are not logged.
    """

    def __init__(
        self,
        store: Store,
        delivery: Delivery,
        counts: Counts,
        before_each: Callable[[float | None], object],
    ) -> None:
        self.quiet = False
        self._store = store
        self._delivery = delivery
        self._counts = counts
        self._before_each = before_each

    def send(self, batch: Batch, deadline: float | None) -> bool:
        """Send a batch after the stored ones of its signal, or store it too; whether it is done with."""
        rest: Batch | None = batch
        if self.send_stored(batch.signal, deadline):
            rest = self.try_to_send(batch, deadline)
        if rest is not None:
            self.count(self._store.add(rest))
        return rest is None

    def send_stored(self, signal: str, deadline: float | None) -> bool:
        """Send the stored batches of a signal, the oldest first; whether none is left."""
        while (batch := self._store.oldest(signal)) is not None:
            rest = self.try_to_send(batch, deadline)
            if rest is not None:
                if rest is not batch:
                    self.count(self._store.replace(batch, rest))
                return False
            self._store.remove(batch)
        return True

    def try_to_send(self, batch: Batch, deadline: float | None) -> Batch | None:
        """Send a batch whatever waits, and store nothing; what of it is still to be sent, None if it is done with."""
        # What waits may take long; an order does not wait for it.
        self._before_each(deadline)
        return self._delivery.send(batch, deadline, log_failure=not self.quiet)

    def keep(self, batches: Iterable[Batch]) -> int:
        """Store batches without sending them; how many spans are lost by it."""
        return sum(self.count(self._store.add(batch)) for batch in batches)

    def count(self, losses: Iterable[Loss]) -> int:
        """Count losses; how many spans are among them."""
        lost = 0
        for reason, priority, signal, items in losses:
            self._counts.drop(signal, priority, reason, items)
            lost += items if signal == "traces" else 0
        return lost
