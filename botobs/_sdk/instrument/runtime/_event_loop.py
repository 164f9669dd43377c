"""Samples how late event loops run what is due, asyncio's and uvloop's alike.

A timer that fires late is the one symptom that every loop shows of being blocked, and needs no hook inside the loop.
Loops are found where they start to run: asyncio's all pass `BaseEventLoop.run_forever`, and `uvloop.Loop` is a Python
class over the compiled one, whose `run_until_complete` calls `run_forever` through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import weakref
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable, Iterator
from contextvars import Context
from types import FrameType
from typing import Any

from ....semconv.runtime import EVENT_LOOP_TYPE
from ...delays import LOOPS, LoopClock
from ...engine.bound import bind
from ...patching.guard import never_raise
from ...patching.patch import Patches

#: Seconds between samples: 20 wake-ups a second cost about 0.1 % of a core.
INTERVAL = 0.05
#: Samples in a row that come in less than half the interval, after which a loop is left alone: its clock is none of the
#: world's. A simulated day would have 1.7 million samples. One may come early where a loop reads its clock seldom.
_MOST_EARLY = 20


class LoopWatch:
    """Samples every loop that runs in this process until it is stopped."""

    def __init__(self, patches: Patches, histogram: Any, after_sample: Callable[[], None]) -> None:
        """Prepare; nothing happens before `start`.

        Args:
            patches: Takes the hooks back.
            histogram: Records the lag, in seconds.
            after_sample: Called with each sample, for work that suits a quiet moment of the loop.
        """
        self._patches = patches
        self._histogram = histogram
        self._after_sample = after_sample
        self._samplers: weakref.WeakSet[_Sampler] = weakref.WeakSet()

    def start(self) -> None:
        """Hook loops to come, and join the ones that run already."""
        self._patches.wrap(BaseEventLoop, "run_forever", self._run_forever)
        self._patches.on_import(
            "uvloop", lambda module: self._patches.wrap(module.Loop, "run_forever", self._run_forever)
        )
        current = asyncio._get_running_loop()
        for loop in running_loops():
            if loop is current:
                self._sample(loop)
            else:
                # It may close at this moment.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._sample, loop, context=Context())

    def stop(self) -> None:
        """End the sampling; a timer that is set fires once more, to no effect."""
        for sampler in list(self._samplers):
            sampler.stop()

    def _run_forever(self, wrapped: Callable[[], None], loop: Any, _args: Any, _kwargs: Any) -> None:
        if loop.is_closed() or asyncio._get_running_loop() is not None:
            # It is about to refuse.
            wrapped()
            return
        sampler = self._sample(loop)
        try:
            wrapped()
        finally:
            if sampler is not None:
                sampler.stop()

    @never_raise("runtime")
    def _sample(self, loop: asyncio.AbstractEventLoop) -> _Sampler:
        sampler = _Sampler(loop, self._histogram, self._after_sample)
        self._samplers.add(sampler)
        return sampler


class _Sampler:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, histogram: Any, after_sample: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._lag = bind(histogram, {EVENT_LOOP_TYPE: kind_of(loop)})
        self._after_sample = after_sample
        # Without a trace: the timers would otherwise keep the one that was open when the loop started.
        self._context = Context()
        self._clock = LOOPS[loop] = LoopClock()
        self._stopped = False
        self._early = 0
        self._schedule()

    def stop(self) -> None:
        self._stopped = True
        if LOOPS.get(self._loop) is self._clock:
            del LOOPS[self._loop]

    def _schedule(self) -> None:
        self._clock.deadline = time.perf_counter() + INTERVAL
        self._loop.call_later(INTERVAL, self._tick, context=self._context)

    def _tick(self) -> None:
        if self._stopped:
            return
        now = time.perf_counter()
        self._early = self._early + 1 if now < self._clock.deadline - INTERVAL / 2 else 0
        if self._early >= _MOST_EARLY:
            self.stop()
            return
        lag = self._clock.sampled(now)
        self._schedule()
        self._lag.record(lag)
        self._after_sample()


def kind_of(loop: object) -> str:
    """`asyncio`, `uvloop` or `winloop`, whichever the loop's class comes from, or `other`."""
    packages = [base.__module__.partition(".")[0] for base in type(loop).__mro__]
    # Any loop may be an asyncio.AbstractEventLoop besides.
    return next((name for name in ("uvloop", "winloop", "asyncio") if name in packages), "other")


def task_counts() -> list[tuple[str, int]]:
    """Kind of loop and number of unfinished tasks, for each loop that is sampled."""
    # Not `list(LOOPS)`: loops come and go in other threads meanwhile.
    loops = [reference() for reference in LOOPS.keyrefs()]
    return [(kind_of(loop), len(asyncio.all_tasks(loop))) for loop in loops if loop is not None]


def running_loops() -> list[asyncio.AbstractEventLoop]:
    """The loops that run now in any thread, as far as the threads' stacks show them."""
    found: dict[int, asyncio.AbstractEventLoop] = {}
    current = asyncio._get_running_loop()
    if current is not None:
        found[id(current)] = current
    for top in sys._current_frames().values():
        for frame in _stack(top):
            loop = _loop_of(frame)
            if loop is not None and loop.is_running():
                found[id(loop)] = loop
    return list(found.values())


def _stack(top: FrameType) -> Iterator[FrameType]:
    frame: FrameType | None = top
    while frame is not None:
        yield frame
        frame = frame.f_back


def _loop_of(frame: FrameType) -> asyncio.AbstractEventLoop | None:
    """The loop that the function of `frame` runs: `BaseEventLoop.run_forever`, or `asyncio.Runner.run` over uvloop."""
    if frame.f_code.co_name == "run_forever":
        loop = frame.f_locals.get("self")
        return loop if isinstance(loop, asyncio.AbstractEventLoop) else None
    if frame.f_code.co_name == "run":
        runner = frame.f_locals.get("self")
        # Its `get_loop` would make one, or raise.
        return getattr(runner, "_loop", None) if isinstance(runner, asyncio.Runner) else None
    return None
