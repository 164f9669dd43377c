"""The current span survives threads, executors, tasks and generators, and stays where it belongs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import botobs
from botobs.testing import Capture, FakeClock, capture

pytestmark = pytest.mark.slow


@pytest.fixture
def captured() -> Iterator[Capture]:
    with capture(clock=FakeClock()) as captured:
        yield captured


@botobs.span("child")
def child() -> None:
    """Work of one span."""


def family(captured: Capture) -> dict[str, list[str]]:
    """The names of the children of each root."""
    return {
        root["name"]: [child["name"] for child in root.get("children", [])] for root in captured.snapshot()
    }


def in_thread() -> None:
    thread = threading.Thread(target=child)
    thread.start()
    thread.join()


class Worker(threading.Thread):
    """A thread with a `run` of its own."""

    def run(self) -> None:
        child()


def in_subclass_of_thread() -> None:
    thread = Worker()
    thread.start()
    thread.join()
    assert "run" not in vars(thread)


def in_timer() -> None:
    timer = threading.Timer(0, child)
    timer.start()
    timer.join()


def in_pool() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(child).result()


def in_pool_by_map() -> None:
    with ThreadPoolExecutor(1) as pool:
        list(pool.map(lambda _: child(), [1]))


@pytest.mark.parametrize("run", [in_thread, in_subclass_of_thread, in_timer, in_pool, in_pool_by_map])
def test_threads_know_the_span_that_started_them(captured: Capture, run: Callable[[], None]) -> None:
    with botobs.span("parent"):
        run()
    assert family(captured) == {"parent": ["child"]}


async def to_thread() -> None:
    await asyncio.to_thread(child)


async def in_executor() -> None:
    await asyncio.get_running_loop().run_in_executor(None, child)


async def in_task_group() -> None:
    async def work() -> None:
        child()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work())


async def in_callback() -> None:
    done = asyncio.Event()

    def work() -> None:
        child()
        done.set()

    asyncio.get_running_loop().call_soon(work)
    await done.wait()


async def in_async_generator() -> None:
    async def items() -> AsyncIterator[int]:
        child()
        yield 1

    async for _ in items():
        pass


@pytest.mark.asyncio
@pytest.mark.parametrize("run", [to_thread, in_executor, in_task_group, in_callback, in_async_generator])
async def test_asyncio_knows_the_span_around(captured: Capture, run: Callable[[], Any]) -> None:
    async with botobs.span("parent"):
        await run()
    assert family(captured) == {"parent": ["child"]}


def test_a_pools_thread_does_not_stay_in_the_trace_that_made_it(captured: Capture) -> None:
    with ThreadPoolExecutor(1) as pool:
        with botobs.span("first"):
            pool.submit(child).result()
        pool.submit(child).result()
        with botobs.span("second"):
            pool.submit(child).result()
    roots = [(root["name"], len(root.get("children", []))) for root in captured.snapshot()]
    assert sorted(roots) == [("child", 0), ("first", 1), ("second", 1)]


def test_results_and_errors_of_pools_are_as_before(captured: Capture) -> None:
    def divide(a: int, *, b: int) -> float:
        return a / b

    with botobs.span("parent"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(divide, 1, b=2).result() == 0.5
        named = {"context": 1, "function": 2, "args": 3}
        assert pool.submit(dict, **named).result() == named
        with pytest.raises(ZeroDivisionError):
            pool.submit(divide, 1, b=0).result()
        with pytest.raises(TypeError):
            pool.submit()  # type: ignore[call-arg]


@pytest.mark.asyncio
async def test_tasks_at_once_keep_apart(captured: Capture) -> None:
    gate = asyncio.Barrier(2)

    async def work(name: str) -> None:
        async with botobs.span(name):
            await gate.wait()
            await asyncio.to_thread(child)
            await gate.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work("first"))
        tasks.create_task(work("second"))
    assert family(captured) == {"first": ["child"], "second": ["child"]}


@botobs.span("items")
async def items() -> AsyncIterator[int]:
    for number in range(3):
        child()
        yield number


@pytest.mark.asyncio
async def test_the_span_of_a_generator_is_not_that_of_its_reader(captured: Capture) -> None:
    async with botobs.span("reader"):
        async for _ in items():
            with botobs.span("reading"):
                pass
    (reader,) = captured.snapshot()
    assert [span["name"] for span in reader["children"]] == ["items", "reading", "reading", "reading"]
    assert [span["name"] for span in reader["children"][0]["children"]] == ["child"] * 3


@pytest.mark.asyncio
async def test_a_generator_that_is_left_early_ends_its_span_without_a_word(
    captured: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    async with botobs.span("reader"):
        generator = items()
        await anext(generator)
        # Closed by another task, as an event loop does with what was forgotten.
        await asyncio.create_task(generator.aclose())  # type: ignore[attr-defined]
    assert sorted(span.name for span in captured.spans) == ["child", "items", "reader"]
    assert captured.span("items").status == "unset"
    assert caplog.records == []


def test_threads_are_left_alone_afterwards() -> None:
    with capture():
        assert hasattr(threading.Thread.start, "__wrapped__")
    assert not hasattr(threading.Thread.start, "__wrapped__")
    assert not hasattr(ThreadPoolExecutor.submit, "__wrapped__")


def test_threads_run_where_another_library_has_replaced_their_start_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Sentry does: it takes the function of `run`, and calls it with the thread."""
    start = threading.Thread.start

    def replaced(thread: threading.Thread) -> None:
        function: Any = getattr(thread.run, "__func__", thread.run)
        thread.run = lambda *given: function(threading.current_thread(), *given[1:])  # type: ignore[method-assign]
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", replaced)
    with capture() as captured:
        with botobs.span("parent"):
            in_thread()
            in_subclass_of_thread()
        assert family(captured) == {"parent": ["child", "child"]}
