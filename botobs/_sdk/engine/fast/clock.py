"""One monotonic clock per trace, set to the wall clock when the trace starts in this process.

A wall clock that is stepped while a span runs makes its duration wrong and its children fall outside it. Here
timestamps are readings of `time.perf_counter_ns` plus an anchor. The anchor belongs to the trace, so all local spans
of a trace agree with each other while the wall clock is only slewed; new traces start from a fresh one. Brave's
`TickClock` does the same.

After a step of more than a second, or a suspend, in which `perf_counter_ns` may stand still, agreement would put what
comes later hours away from where it is looked for. So a span that starts then has the clock's new anchor, and so have
the spans below it; those that are open keep theirs, and with it their durations. A step is seen when a trace starts and
at each export: a reading of the clock for every span would cost too much.
"""

from __future__ import annotations

import time

from .trace import Trace

_TOLERANCE_NS = 500_000
#: Nanoseconds by which a trace's clock and the wall clock may differ.
_STEP_NS = 1_000_000_000


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

    def at(self, now: int) -> int:
        """The anchor for a trace that starts now, measured again if the wall clock was stepped since the last time.

        Args:
            now: A reading of `time.perf_counter_ns`.
        """
        anchor = time.time_ns() - now
        if abs(anchor - self.anchor) > _STEP_NS:
            self.anchor = anchor
        return self.anchor

    def after_steps(self, trace: Trace) -> Trace:
        """`trace` for a span that starts now: with the anchor of today if the wall clock was stepped."""
        anchor = self.anchor
        return trace if abs(anchor - trace[3]) <= _STEP_NS else (trace[0], trace[1], trace[2], anchor)


CLOCK = Clock()
