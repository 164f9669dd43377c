"""What one process hands over to another that sends it: encoded batches, each as one piece of bytes."""

from __future__ import annotations

import math
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from .batches import BATCH_ITEMS, BatchEncoder
from .counts import SIGNALS, Counts
from .delivery import Delivery
from .inbox import Inbox, UnsentRequest
from .priority import PRIORITIES
from .queue import SpanQueue
from .split import MAX_REQUEST_BYTES
from .store import Batch, Store

#: Signal and priority, as numbers, and how many items.
_HEAD = struct.Struct("!BBI")
#: The part of the time that a request under way has to end by itself before what it carries is handed over, too.
_UNDER_WAY = 0.25


def pack(batch: Batch) -> bytes:
    """A batch as bytes."""
    numbers = SIGNALS.index(batch.signal), PRIORITIES.index(batch.priority)
    return _HEAD.pack(*numbers, batch.items) + batch.body


def unpack(piece: bytes) -> Batch | None:
    """A batch of `pack`; None for anything else."""
    try:
        signal, priority, items = _HEAD.unpack_from(piece)
        return Batch(SIGNALS[signal], PRIORITIES[priority], piece[_HEAD.size :], items)
    except (struct.error, IndexError):
        return None


def hand_over(
    batches: Iterable[Batch], send: Callable[[bytes], None], keep: Callable[[list[Batch]], None]
) -> None:
    """Hand batches over.

    Args:
        batches: To hand over.
        send: Hands one over; raises OSError if it is not taken.
        keep: Called with what is not taken.
    """
    waiting = deque(batches)
    try:
        while waiting:
            send(pack(waiting[0]))
            waiting.popleft()
    except OSError:
        keep(list(waiting))


class TakenOver:
    """What other processes have handed over, and waits here. Filled by any thread, emptied by the export thread.

    Args:
        max_bytes: Of all that waits; what is beyond is counted as dropped.
        counts: Where it is counted.
    """

    def __init__(self, max_bytes: int, counts: Counts) -> None:
        self._max_bytes = max_bytes
        self._counts = counts
        self.reset()

    def reset(self) -> None:
        """Forget it, as a forked child does."""
        self._waiting: deque[Batch] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """Bytes that wait."""
        return sum(len(batch.body) for batch in list(self._waiting))

    def add(self, batches: Iterable[Batch]) -> None:
        """Have batches wait here."""
        room = self._max_bytes - self.bytes
        for batch in batches:
            room -= len(batch.body)
            if room < 0:
                self._counts.drop(batch.signal, batch.priority, "queue_full", batch.items)
            else:
                self._waiting.append(batch)

    def all(self) -> Iterator[Batch]:
        """Remove and return all, the oldest first."""
        while self._waiting:
            yield self._waiting.popleft()

    def send(self, send: Callable[[Batch], Batch | None]) -> bool:
        """Send what waits, the oldest first, up to the first that cannot be sent now; whether none is left.

        Args:
            send: Returns what of a batch is still to be sent.
        """
        while self._waiting:
            rest = send(self._waiting[0])
            if rest is not None:
                self._waiting[0] = rest
                return False
            self._waiting.popleft()
        return True


def ask(inbox: Inbox, delivery: Delivery, timeout: float) -> list[Batch]:
    """What the export thread has not sent, within `timeout` seconds; empty if it does not say."""
    end = time.monotonic() + timeout
    request = UnsentRequest(end)
    inbox.put(request)
    if not request.done.wait(timeout * _UNDER_WAY):
        delivery.interrupt()
        request.done.wait(max(0.0, end - time.monotonic()))
        delivery.go_on()
    return request.take()


def held(store: Store) -> Iterator[Batch]:
    """Remove and return what waits in a store in memory; what is on disk another process finds there."""
    for signal in () if store.durable else SIGNALS:
        while (batch := store.oldest(signal)) is not None:
            store.remove(batch)
            yield batch


def queued(
    queues: Mapping[str, SpanQueue], encoder: BatchEncoder, until: float = math.inf
) -> Iterator[Batch]:
    """Remove and return what waits in queues, as long as `time.monotonic` does not read `until`."""
    for signal, queue in queues.items():
        queue.sort()
        while time.monotonic() < until and (taken := queue.take(BATCH_ITEMS, MAX_REQUEST_BYTES)) is not None:
            yield from encoder.encode(signal, *taken)
