"""The process and its runtime: CPU, memory, descriptors, threads, garbage collector, event loops.

There is no upstream instrumentor of event-loop lag or collector pauses, and
`opentelemetry-instrumentation-system-metrics` measures the host as well, which the collector does better.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.metrics import CallbackOptions, Observation

from ....semconv import runtime as semconv
from ...delays import GC_PAUSES, THRESHOLD
from ...patching.patch import Patches
from ..base import Telemetry
from ..shared import once_per_provider
from . import _process
from ._event_loop import LoopWatch, task_counts

#: Collections of the youngest objects are many and take microseconds; they are counted, not timed.
_SHORTEST_PAUSE = 0.001


class RuntimeInstrumentation:
    """Watches the process itself."""

    name = "runtime"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Observe the process, time the collector, sample the event loops that run and those to come."""
        metrics = once_per_provider(telemetry, _ProcessMetrics)
        metrics.active = True
        pauses = _Pauses()
        metrics.drain = lambda: pauses.drain(metrics.gc_pause)
        gc.callbacks.append(pauses.on_collection)
        loops = LoopWatch(self._patches, metrics.loop_lag, metrics.drain)
        loops.start()

        def stop() -> None:
            metrics.active = False
            metrics.drain = _nothing
            gc.callbacks.remove(pauses.on_collection)
            loops.stop()

        self._patches.on_undo(stop)

    def uninstall(self) -> None:
        """Take callbacks and patches back."""
        self._patches.undo()


class _Pauses:
    """Times the collector without allocating much and without a lock: it may run inside any other code."""

    def __init__(self) -> None:
        self._started = 0.0
        self._waiting: deque[tuple[float, int]] = deque(maxlen=1024)
        # One bound method, so that it can be found again in `gc.callbacks`.
        self.on_collection = self._on_collection

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._started = now
            return
        pause = now - self._started
        # Recording takes locks that the interrupted code may hold; `drain` does it later.
        if pause >= _SHORTEST_PAUSE:
            self._waiting.append((pause, info["generation"]))
        if pause >= THRESHOLD:
            GC_PAUSES.append((self._started, now))

    def drain(self, histogram: Any) -> None:
        """Record the pauses since the last time."""
        while self._waiting:
            pause, generation = self._waiting.popleft()
            histogram.record(pause, {semconv.GC_GENERATION: str(generation)})


class _ProcessMetrics:
    """The instruments, which outlive an installation."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.active = True
        self.drain = _nothing
        meter = telemetry.meter("runtime")
        self.gc_pause = semconv.GC_PAUSE_DURATION.create(meter)
        self.loop_lag = semconv.EVENT_LOOP_LAG.create(meter)
        for metric, observe in (
            (semconv.CPU_TIME, _cpu_time),
            (semconv.MEMORY_USAGE, _observed(_process.memory)),
            (semconv.THREADS, _observed(_process.threads)),
            (semconv.GC_COLLECTIONS, self._collections),
            (semconv.GC_COLLECTED_OBJECTS, lambda: _gc_observations("collected")),
            (semconv.GC_UNCOLLECTABLE_OBJECTS, lambda: _gc_observations("uncollectable")),
            (semconv.EVENT_LOOP_TASKS, _tasks),
        ):
            metric.create(meter, [self._while_active(observe)])
        if sys.platform != "win32":
            semconv.OPEN_FILE_DESCRIPTORS.create(meter, [self._while_active(_observed(_process.descriptors))])

    def _while_active(self, observe: Any) -> Any:
        def callback(_options: CallbackOptions) -> Iterable[Observation]:
            return observe() if self.active else []

        return callback

    def _collections(self) -> list[Observation]:
        # A process without an event loop records its pauses here.
        self.drain()
        return _gc_observations("collections")


def _nothing() -> None:
    """Do nothing: no hook was installed."""


def _cpu_time() -> list[Observation]:
    times = os.times()
    return [
        Observation(times.user, {semconv.CPU_MODE: "user"}),
        Observation(times.system, {semconv.CPU_MODE: "system"}),
    ]


def _observed(measure: Callable[[], int | None]) -> Callable[[], list[Observation]]:
    def observe() -> list[Observation]:
        value = measure()
        return [] if value is None else [Observation(value)]

    return observe


def _gc_observations(statistic: str) -> list[Observation]:
    return [
        Observation(statistics[statistic], {semconv.GC_GENERATION: str(generation)})
        for generation, statistics in enumerate(gc.get_stats())
    ]


def _tasks() -> list[Observation]:
    totals: Counter[str] = Counter()
    for kind, tasks in task_counts():
        totals[kind] += tasks
    return [Observation(total, {semconv.EVENT_LOOP_TYPE: kind}) for kind, total in totals.items()]
