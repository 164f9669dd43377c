"""Delays of this process: its event loop was blocked, or the garbage collector ran.

The runtime instrumentation writes them here. When a span ends, `record_delays` sets how much of its time they took.
Without delays that costs two attribute lookups.
"""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections import deque

from opentelemetry.trace import Span

from ..semconv.runtime import EVENT_LOOP_LAG_ATTRIBUTE, GC_PAUSE_ATTRIBUTE
from .patching.guard import never_raise

#: Seconds. Shorter delays are within the noise of timers, and too short to matter for an order.
THRESHOLD = 0.005

Interval = tuple[float, float]
"""Start and end on `time.perf_counter`'s scale, in seconds."""


class LoopClock:
    """The delays of one event loop, on `time.perf_counter`'s scale.

    Attributes:
        deadline: When the next sample of the loop is due; if that is long past, the loop is blocked now.
        intervals: When the loop was blocked; the last 128.
    """

    __slots__ = ("deadline", "intervals")

    def __init__(self) -> None:
        self.deadline = float("inf")
        self.intervals: deque[Interval] = deque(maxlen=128)

    def sampled(self, now: float) -> float:
        """Record that the sample due at `deadline` ran at `now`; returns the delay in seconds."""
        lag = max(now - self.deadline, 0.0)
        if lag >= THRESHOLD:
            self.intervals.append((self.deadline, now))
        return lag


#: The clocks of all sampled event loops.
LOOPS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopClock] = weakref.WeakKeyDictionary()
# In a forked child the loops of the parent are in memory, but do not run.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LOOPS.clear)

#: The longer pauses of the garbage collector, which stop every thread.
GC_PAUSES: deque[Interval] = deque(maxlen=128)


@never_raise("runtime")
def record_delays(span: Span) -> None:
    """Set how long the event loop and the garbage collector delayed `span`, which is about to end.

    Sets `botobs.event_loop.lag` and `botobs.gc.pause`, in seconds, if there were delays. Call it where the span's work
    ran, since it uses the running event loop.
    """
    loop = asyncio._get_running_loop()
    clock = LOOPS.get(loop) if loop is not None else None
    if clock is None and not GC_PAUSES:
        return
    started = getattr(span, "start_time", None)
    if not started or not span.is_recording():
        return
    now = time.perf_counter()
    # The span's start is on the wall clock, the intervals are not: its age is on both.
    start = now - max(time.time_ns() - started, 0) / 1e9
    if clock is not None:
        lag = _overlap(clock.intervals, start, now)
        overdue = now - max(clock.deadline, start)
        if overdue >= THRESHOLD:
            lag += overdue
        if lag > 0:
            span.set_attribute(EVENT_LOOP_LAG_ATTRIBUTE, round(lag, 6))
    if GC_PAUSES:
        paused = _overlap(GC_PAUSES, start, now)
        if paused > 0:
            span.set_attribute(GC_PAUSE_ATTRIBUTE, round(paused, 6))


def _overlap(intervals: deque[Interval], start: float, end: float) -> float:
    if not intervals or intervals[-1][1] <= start:
        # The last one is the latest: nearly every span is of after it.
        return 0.0
    # A copy: another thread, or a collection in this one, may add an interval meanwhile.
    return sum(
        max(min(end, stop) - max(start, begin), 0.0) for begin, stop in tuple(intervals) if stop > start
    )
