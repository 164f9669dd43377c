"""The queue between the threads that record and the export thread."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from threading import RLock
from typing import Any

from ..turns import in_turns
from .counts import Counts
from .priority import PRIORITIES, Priority, priority_of

#: Unsorted spans from which on the export thread is woken.
WAKE_AT = 256
#: Unsorted spans from which on the threads that record help to sort them.
MAX_UNSORTED = 2048


class SpanQueue:
    """Holds spans up to a number of bytes; when it is full, the lowest priority is dropped first.

    Spans are first appended to an unsorted buffer, which costs the recording thread next to nothing. The export thread
    sorts them by priority before it takes any. While it is busy and the buffer grows too long, each added span sorts
    two older ones.

    Args:
        max_bytes: Estimated bytes of all sorted spans together.
        counts: Where dropped spans are counted.
        size_of: Estimates the bytes of a span; the engine sets it, once there is one.
        priority_of: The priority of a span.
        signal: `traces`, or `logs` for a queue of log records.

    Attributes:
        bytes: Estimated bytes of the sorted spans.
        unsorted: Spans that are not sorted yet.
    """

    def __init__(
        self,
        max_bytes: int,
        counts: Counts,
        size_of: Callable[[Any], int] = lambda _: 0,
        priority_of: Callable[[Any], Priority] = priority_of,
        signal: str = "traces",
    ) -> None:
        self.size_of = size_of
        self._max_bytes = max_bytes
        self._counts = counts
        self._priority_of = priority_of
        self._signal = signal
        self.reset()

    def reset(self) -> None:
        """Empty the queue, as a forked child does: the parent sends what it recorded."""
        # Re-entrant: a finalizer or a signal handler that ends a span may interrupt its own thread in here.
        self._lock = RLock()
        self._by_priority: dict[Priority, deque[tuple[Any, int]]] = {
            priority: deque() for priority in PRIORITIES
        }
        self.bytes = 0
        self.unsorted: deque[Any] = deque()

    def add_unsorted(self, span: Any) -> bool:
        """Append a span to the unsorted buffer.

        Returns:
            Whether so many are unsorted that the export thread should be woken.
        """
        unsorted = self.unsorted
        unsorted.append(span)
        if len(unsorted) < WAKE_AT:
            return False
        if len(unsorted) > MAX_UNSORTED:
            self.sort(2)
        return True

    def sort(self, at_most: int | None = None) -> None:
        """Sort the oldest unsorted spans by priority: `at_most` so many, or all, in turns with other threads."""
        for _ in in_turns(range(len(self.unsorted))) if at_most is None else range(at_most):
            try:
                span = self.unsorted.popleft()
            except IndexError:
                return
            try:
                priority, size = self._priority_of(span), self.size_of(span)
            except Exception:
                # This may be a service's thread in the middle of its work; the metric shows the loss.
                self._counts.drop(self._signal, Priority.NORMAL, "not_encoded")
                continue
            self.put(span, priority, size)

    def put(self, span: Any, priority: Priority, size: int) -> None:
        """Queue a span of `size` bytes; without room, older ones or this one are dropped. Never blocks on I/O."""
        with self._lock:
            if self.bytes + size > self._max_bytes and not self._make_room(priority, size):
                self._counts.drop(self._signal, priority, "queue_full")
                return
            self._by_priority[priority].append((span, size))
            self.bytes += size

    def take(self, max_items: int, max_bytes: float = math.inf) -> tuple[Priority, list[Any]] | None:
        """Remove the oldest spans of the highest priority that has any; None if it is empty.

        Args:
            max_items: Spans at most.
            max_bytes: Estimated bytes at most; one span is taken however large it is.
        """
        with self._lock:
            for priority, waiting in self._by_priority.items():
                if waiting:
                    taken: list[Any] = []
                    room = max_bytes
                    while waiting and len(taken) < max_items and (room >= waiting[0][1] or not taken):
                        span, size = waiting.popleft()
                        taken.append(span)
                        room -= size
                        self.bytes -= size
                    return priority, taken
        return None

    def __len__(self) -> int:
        return len(self.unsorted) + sum(map(len, self._by_priority.values()))

    def _make_room(self, priority: Priority, size: int) -> bool:
        """Drop older spans, the lowest priority first, but none above `priority`; whether there is room now."""
        if size > self._max_bytes:
            return False
        for victim in reversed(PRIORITIES):
            waiting = self._by_priority[victim]
            while waiting and self.bytes + size > self._max_bytes:
                self.bytes -= waiting.popleft()[1]
                self._counts.drop(self._signal, victim, "queue_full")
            if self.bytes + size <= self._max_bytes:
                return True
            if victim is priority:
                return False
        return False
