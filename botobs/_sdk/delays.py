"""When this process could not go on: its event loop was blocked, or the garbage collector ran.

The runtime instrumentation writes here, and whoever ends a span that somebody waited for asks how much of its time was
lost so. Costs two attribute lookups when nothing was.
"""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections import deque
from collections.abc import Iterable

from opentelemetry.trace import Span

from ..semconv.runtime import EVENT_LOOP_LAG_ATTRIBUTE, GC_PAUSE_ATTRIBUTE
from .patching.guard import guarded

#: Shorter delays are the noise of timers, and far below what an order notices.
THRESHOLD = 0.005

Episode = tuple[float, float]


class LoopClock:
    """The delays of one event loop, on `time.perf_counter`'s scale.

    Attributes:
        deadline: When the loop's next sample is due; long past means that the loop is blocked now.
    """

    __slots__ = ("deadline", "episodes")

    def __init__(self) -> None:
        self.deadline = float("inf")
        self.episodes: deque[Episode] = deque(maxlen=128)

    def sampled(self, now: float) -> float:
        """The sample that was due at `deadline` comes at `now`; returns how late, in seconds."""
        lag = max(now - self.deadline, 0.0)
        if lag >= THRESHOLD:
            self.episodes.append((self.deadline, now))
        return lag


#: The clocks of the loops that are sampled.
LOOPS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopClock] = weakref.WeakKeyDictionary()
# A child has the loops of its parent in memory, and they do not run.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LOOPS.clear)

#: Start and end of the garbage collector's longer pauses; they stop every thread.
GC_PAUSES: deque[Episode] = deque(maxlen=128)


@guarded("runtime")
def record_delays(span: Span) -> None:
    """Note on `span`, which is about to end, how long the loop and the collector kept it waiting, if they did.

    Sets `botobs.event_loop.lag` and `botobs.gc.pause`, in seconds. Call it where the span's work ran: it looks at the
    loop that runs there.
    """
    loop = asyncio._get_running_loop()
    clock = LOOPS.get(loop) if loop is not None else None
    if clock is None and not GC_PAUSES:
        return
    started = getattr(span, "start_time", None)
    if not started or not span.is_recording():
        return
    now = time.perf_counter()
    # The span's start is on the wall clock, the episodes are not: its age is on both.
    start = now - max(time.time_ns() - started, 0) / 1e9
    if clock is not None:
        lag = _overlap(clock.episodes, start, now)
        overdue = now - max(clock.deadline, start)
        if overdue >= THRESHOLD:
            lag += overdue
        if lag > 0:
            span.set_attribute(EVENT_LOOP_LAG_ATTRIBUTE, round(lag, 6))
    if GC_PAUSES:
        paused = _overlap(GC_PAUSES, start, now)
        if paused > 0:
            span.set_attribute(GC_PAUSE_ATTRIBUTE, round(paused, 6))


def _overlap(episodes: Iterable[Episode], start: float, end: float) -> float:
    # A copy: another thread, or a collection in this one, may add an episode meanwhile.
    return sum(
        max(min(end, stop) - max(start, begin), 0.0) for begin, stop in tuple(episodes) if stop > start
    )
