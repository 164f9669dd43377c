"""The queue between the threads that record and the one that sends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import RLock
from typing import Any

from .counts import Counts
from .lanes import LANES, Lane, lane_of

#: Landed spans from which on the thread that sends is woken, and those that may wait for it.
WAKE, LANDING = 256, 2048


class SpanQueue:
    """Holds spans up to a number of bytes; what matters least goes first when it is full.

    Spans land unsorted, which costs the thread that records them next to nothing. The one that sends sorts them by
    importance and size before it takes any; while it is busy, landing spans sort those before them.

    Args:
        max_bytes: Estimated bytes of all sorted spans together.
        counts: Where given-up spans are counted.
        size_of: Estimates the bytes of a span; the engine does, once there is one.
        lane_of: Tells how important one is.
        signal: `traces`, or `logs` for a queue of log records.
    """

    def __init__(
        self,
        max_bytes: int,
        counts: Counts,
        size_of: Callable[[Any], int] = lambda _: 0,
        lane_of: Callable[[Any], Lane] = lane_of,
        signal: str = "traces",
    ) -> None:
        self.size_of = size_of
        self._max_bytes = max_bytes
        self._counts = counts
        self._lane_of = lane_of
        self._signal = signal
        self.reset()

    def reset(self) -> None:
        """Forget everything, as a forked child does: the parent sends what it recorded."""
        # Re-entrant: a finalizer or a signal handler that ends a span may interrupt its own thread in here.
        self._lock = RLock()
        self._lanes: dict[Lane, deque[tuple[Any, int]]] = {lane: deque() for lane in LANES}
        self.bytes = 0
        self.landed: deque[Any] = deque()

    def land(self, span: Any) -> bool:
        """Take a span, to be sorted later; whether many wait for that."""
        landed = self.landed
        landed.append(span)
        if len(landed) < WAKE:
            return False
        if len(landed) > LANDING:
            self.sort(2)
        return True

    def sort(self, at_most: int | None = None) -> None:
        """Put landed spans, at most so many, into their lanes."""
        for _ in range(len(self.landed) if at_most is None else at_most):
            try:
                span = self.landed.popleft()
            except IndexError:
                return
            try:
                lane, size = self._lane_of(span), self.size_of(span)
            except Exception:
                # This may be a service's thread in the middle of its work; the loss is seen in the metric.
                self._counts.drop(self._signal, Lane.NORMAL, "not_encoded")
                continue
            self.put(span, lane, size)

    def put(self, span: Any, lane: Lane, size: int) -> None:
        """Take a span of `size` bytes, giving up others, or this one, if there is no room. Never blocks on I/O."""
        with self._lock:
            if self.bytes + size > self._max_bytes and not self._make_room(lane, size):
                self._counts.drop(self._signal, lane, "queue_full")
                return
            self._lanes[lane].append((span, size))
            self.bytes += size

    def take(self, max_items: int) -> tuple[Lane, list[Any]] | None:
        """The oldest spans of the most important lane that has any."""
        with self._lock:
            for lane, waiting in self._lanes.items():
                if waiting:
                    taken = [waiting.popleft() for _ in range(min(max_items, len(waiting)))]
                    self.bytes -= sum(size for _, size in taken)
                    return lane, [span for span, _ in taken]
        return None

    def __len__(self) -> int:
        return len(self.landed) + sum(map(len, self._lanes.values()))

    def _make_room(self, lane: Lane, size: int) -> bool:
        """Give up older spans, the least important first, but none more important than `lane`."""
        if size > self._max_bytes:
            return False
        for victim in reversed(LANES):
            waiting = self._lanes[victim]
            while waiting and self.bytes + size > self._max_bytes:
                self.bytes -= waiting.popleft()[1]
                self._counts.drop(self._signal, victim, "queue_full")
            if self.bytes + size <= self._max_bytes:
                return True
            if victim is lane:
                return False
        return False
