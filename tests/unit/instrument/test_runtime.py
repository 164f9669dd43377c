from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from botobs._sdk.delays import GC_PAUSES, LOOPS, record_delays
from botobs._sdk.instrument.runtime._event_loop import INTERVAL
from botobs._sdk.instrument.runtime.interpreter import RuntimeInstrumentation
from tests.support.telemetry import Recorder
from tests.support.waiting import eventually, until

LOOP_FACTORIES: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]
if sys.platform != "win32":
    import uvloop

    LOOP_FACTORIES.append(uvloop.new_event_loop)

parametrize_loops = pytest.mark.parametrize("factory", LOOP_FACTORIES, ids=lambda factory: factory.__module__)


def run(factory: Callable[[], asyncio.AbstractEventLoop], main: Awaitable[None]) -> None:
    async def wrapper() -> None:
        await main

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(wrapper())


def block() -> None:
    """Hold the thread for four intervals."""
    time.sleep(4 * INTERVAL)


def test_the_process_is_measured(recorder: Recorder) -> None:
    with recorder.watching(RuntimeInstrumentation()):
        assert recorder.value("process.cpu.time", cpu__mode="user") > 0
        assert recorder.value("process.memory.usage") > 1_000_000
        assert recorder.value("process.thread.count") >= 1
        assert recorder.value("process.open_file_descriptor.count") > 0
        before = recorder.value("cpython.gc.collections", cpython__gc__generation="2")
        gc.collect()
        assert recorder.value("cpython.gc.collections", cpython__gc__generation="2") > before
    assert recorder.points("process.cpu.time") == []


@parametrize_loops
def test_a_blocked_loop_shows_as_lag_and_on_the_span(
    recorder: Recorder, factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def main() -> None:
        tracer = recorder.telemetry.tracer("test")
        await until(lambda: recorder.value("botobs.runtime.event_loop.lag"))
        span = tracer.start_span("blocked")
        block()
        record_delays(span)
        span.end()
        span = tracer.start_span("blocked and waited")
        block()
        await asyncio.sleep(2 * INTERVAL)
        record_delays(span)
        span.end()

    with recorder.watching(RuntimeInstrumentation()):
        run(factory, main())

    for span in recorder.spans():
        assert lag_of(span) > 2 * INTERVAL
    assert [type_of for type_of, _ in recorder.points("botobs.runtime.event_loop.lag")] == [
        {"botobs.event_loop.type": "uvloop" if "uvloop" in factory.__module__ else "asyncio"}
    ]


def lag_of(span: ReadableSpan) -> float:
    lag = (span.attributes or {})["botobs.event_loop.lag"]
    assert isinstance(lag, float)
    return lag


@pytest.mark.asyncio
async def test_a_span_after_the_delay_is_not_stamped(recorder: Recorder) -> None:
    with recorder.watching(RuntimeInstrumentation()):
        block()
        await asyncio.sleep(2 * INTERVAL)
        span = recorder.telemetry.tracer("test").start_span("later")
        record_delays(span)
        span.end()
    assert "botobs.event_loop.lag" not in (recorder.spans()[0].attributes or {})


@pytest.mark.asyncio
async def test_a_loop_that_runs_already_is_joined(recorder: Recorder) -> None:
    for _ in range(2):
        with recorder.watching(RuntimeInstrumentation()):
            samples = recorder.value("botobs.runtime.event_loop.lag") or 0
            await until(lambda: (recorder.value("botobs.runtime.event_loop.lag") or 0) > samples + 1)  # noqa: B023
            assert recorder.value("botobs.runtime.event_loop.tasks") == len(asyncio.all_tasks())
        assert asyncio.get_running_loop() not in LOOPS


@parametrize_loops
def test_a_loop_of_another_thread_is_joined(
    recorder: Recorder, factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    running = threading.Event()
    seen = threading.Event()

    async def main() -> None:
        running.set()
        await until(seen.is_set)

    thread = threading.Thread(target=run, args=(factory, main()))
    thread.start()
    running.wait()
    with recorder.watching(RuntimeInstrumentation()):
        eventually(lambda: recorder.value("botobs.runtime.event_loop.lag"))
    seen.set()
    thread.join()


def test_a_loop_with_a_clock_of_its_own_is_left_alone(recorder: Recorder) -> None:
    class Simulated(asyncio.SelectorEventLoop):
        """Nothing waits in it: its clock goes on to what is due next."""

        now = 0.0
        steps = 0

        def time(self) -> float:
            return self.now

        def _run_once(self) -> None:
            self.steps += 1
            scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
            if scheduled and not self._ready:  # type: ignore[attr-defined]
                self.now = max(self.now, scheduled[0].when())
            super()._run_once()  # type: ignore[misc]

    async def day() -> None:
        for _ in range(24):
            await asyncio.sleep(3600)

    loops: list[Simulated] = []

    def factory() -> Simulated:
        loops.append(Simulated())
        return loops[0]

    with recorder.watching(RuntimeInstrumentation()):
        run(factory, day())
    assert loops[0].now >= 86400
    assert loops[0].steps < 200


def test_samples_belong_to_no_trace(recorder: Recorder) -> None:
    async def main() -> None:
        clock = LOOPS[asyncio.get_running_loop()]
        first = clock.deadline
        await until(lambda: clock.deadline != first)

    with (
        recorder.watching(RuntimeInstrumentation()),
        recorder.telemetry.tracer("test").start_as_current_span("around"),
    ):
        run(asyncio.new_event_loop, main())
    assert recorder.exemplars("botobs.runtime.event_loop.lag") == []
    assert recorder.value("botobs.runtime.event_loop.lag") == 1


def test_a_collection_shows_as_pause_and_on_the_span(recorder: Recorder) -> None:
    cycles: list[list[object]] = [[] for _ in range(300_000)]
    for cycle in cycles:
        cycle.append(cycle)
    with recorder.watching(RuntimeInstrumentation()):
        span = recorder.telemetry.tracer("test").start_span("collected")
        del cycles, cycle
        gc.collect()
        record_delays(span)
        span.end()
        # A process without an event loop records its pauses when its metrics are collected, for the next time.
        recorder.points("cpython.gc.collections")
        assert recorder.value("botobs.runtime.gc.pause.duration", cpython__gc__generation="2") >= 1
    pause = (recorder.spans()[0].attributes or {})["botobs.gc.pause"]
    assert isinstance(pause, float)
    assert pause > 0.005
    GC_PAUSES.clear()


def test_nothing_stays_behind(recorder: Recorder) -> None:
    callbacks = list(gc.callbacks)
    run_forever = asyncio.BaseEventLoop.run_forever
    with recorder.watching(RuntimeInstrumentation()):
        assert gc.callbacks != callbacks
        assert asyncio.BaseEventLoop.run_forever is not run_forever
    assert gc.callbacks == callbacks
    assert asyncio.BaseEventLoop.run_forever is run_forever
