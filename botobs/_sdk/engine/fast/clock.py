"""One monotonic clock per trace, set to the wall clock when the trace starts in this process.

A wall clock that is stepped while a span runs makes its duration wrong and its children fall outside it. Here
timestamps are readings of `time.perf_counter_ns` plus an anchor. The anchor belongs to the trace, so all local spans
of a trace agree with each other whatever happens to the wall clock; new traces start from a fresh one. Brave's
`TickClock` does the same.
"""

from __future__ import annotations

import time

_TOLERANCE_NS = 500_000


class Clock:
    """The distance from `time.perf_counter_ns` to the wall clock.

    Attributes:
        anchor: Nanoseconds to add to a reading of `time.perf_counter_ns` to get nanoseconds since the epoch.
    """

    __slots__ = ("anchor",)

    def __init__(self) -> None:
        self.anchor = time.time_ns() - time.perf_counter_ns()

    def refresh(self) -> None:
        """Measure the distance again, and use it if it changed by more than the noise of reading two clocks."""
        anchor = time.time_ns() - time.perf_counter_ns()
        if abs(anchor - self.anchor) > _TOLERANCE_NS:
            self.anchor = anchor


CLOCK = Clock()
