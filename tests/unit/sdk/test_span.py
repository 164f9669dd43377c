"""`botobs.span` around blocks and functions of every kind, and the context it leaves behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, TraceFlags

import botobs
from testbed.otlp_receiver import OtlpReceiver, attributes

Init = Callable[..., botobs.Handle]
Spans = Callable[[], list[Any]]


@pytest.fixture
def spans(init: Init, receiver: OtlpReceiver) -> Spans:
    """All spans so far, in the order of their ends."""
    handle = init()

    def call() -> list[Any]:
        assert handle.flush()
        return receiver.spans

    return call


def current() -> SpanContext:
    return trace.get_current_span().get_span_context()


def test_a_block(spans: Spans) -> None:
    link = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))
    with botobs.span("decide", {"exchange.symbol": "BTC/USDT"}, kind="producer", links=[Link(link)]) as it:
        assert trace.get_current_span() is it
    assert not current().is_valid
    (span,) = spans()
    assert (span.name, span.kind, attributes(span)) == ("decide", 4, {"exchange.symbol": "BTC/USDT"})
    assert span.links[0].span_id == (2).to_bytes(8, "big")
    assert span.status.code == 0


def test_an_exception_fails_the_span_and_goes_on(spans: Spans) -> None:
    with pytest.raises(KeyError), botobs.span("outer"), botobs.span("inner"):
        raise KeyError("BTC")
    for span in spans():
        assert span.status.code == 2
        assert span.status.message == "KeyError: 'BTC'"
        assert attributes(span) == {"error.type": "KeyError"}
        assert attributes(span.events[0])["exception.type"] == "KeyError"


def test_one_object_can_be_entered_again_and_within_itself(spans: Spans) -> None:
    again = botobs.span("again")
    with again, again:
        pass
    inner, outer = spans()
    assert inner.parent_span_id == outer.span_id


def test_functions_keep_what_they_are() -> None:
    @botobs.span
    def plain(a: int, /, b: int = 2) -> int:
        """What it does."""
        return a + b

    @botobs.span("named")
    async def coroutine() -> int:
        return 1

    @botobs.span
    def generator() -> Iterator[int]:
        yield 1

    @botobs.span
    async def async_generator() -> AsyncIterator[int]:
        yield 1

    assert plain(1) == 3
    assert (plain.__name__, plain.__doc__, str(inspect.signature(plain))) == (
        "plain",
        "What it does.",
        "(a: 'int', /, b: 'int' = 2) -> 'int'",
    )
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)


def test_decorated_functions(spans: Spans) -> None:
    @botobs.span
    def plain() -> None:
        inside()

    @botobs.span("inside", {"depth": 2})
    def inside() -> None:
        pass

    @botobs.span("coroutine")
    async def coroutine() -> None:
        await asyncio.sleep(0)
        inside()

    plain()
    asyncio.run(coroutine())
    first, outer, second, awaited = spans()
    assert outer.name.endswith("plain")
    assert first.parent_span_id == outer.span_id
    assert awaited.name == "coroutine"
    assert second.parent_span_id == awaited.span_id
    assert attributes(first) == {"depth": 2}


def test_a_generator_is_current_only_while_it_runs(spans: Spans) -> None:
    inside = []

    @botobs.span("numbers")
    def numbers() -> Generator[int, int, str]:
        try:
            inside.append(current())
            got = yield 1
            inside.append(current())
            with botobs.span("within"):
                pass
            yield got
        except ValueError:
            inside.append(current())
            yield -1
        return "end"

    with botobs.span("consumer") as consumer:
        generator = numbers()
        assert next(generator) == 1
        assert trace.get_current_span() is consumer
        assert generator.send(7) == 7
        assert generator.throw(ValueError("x")) == -1
        with pytest.raises(StopIteration) as stop:
            next(generator)
        assert stop.value.value == "end"
        assert trace.get_current_span() is consumer
    within, numbers_span, consumer_span = spans()
    assert {context.span_id.to_bytes(8, "big") for context in inside} == {numbers_span.span_id}
    assert within.parent_span_id == numbers_span.span_id
    assert numbers_span.parent_span_id == consumer_span.span_id
    assert numbers_span.status.code == 0


def test_a_generator_that_is_given_up_ends_its_span(spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    closed = []

    @botobs.span("numbers")
    def numbers() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(current().span_id)

    with botobs.span("consumer"):
        for _ in numbers():
            break
        gc.collect()
    names = [span.name for span in spans()]
    assert sorted(names) == ["consumer", "numbers"]
    assert len(closed) == 1
    assert "detach" not in caplog.text


def test_a_generator_that_fails(spans: Spans) -> None:
    @botobs.span("numbers")
    def numbers() -> Iterator[int]:
        yield 1
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        list(numbers())
    (span,) = spans()
    assert span.status.message == "RuntimeError: no more"


def test_an_async_generator_across_tasks(spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    @botobs.span("ticks")
    async def ticks() -> AsyncGenerator[int, None]:
        for number in range(3):
            await asyncio.sleep(0)
            with botobs.span("within"):
                pass
            yield number

    async def main() -> list[int]:
        generator = ticks()
        with botobs.span("consumer") as consumer:
            first = await anext(generator)
            assert trace.get_current_span() is consumer
        # Each further item in a task, and so in a context, of its own.
        second = await asyncio.create_task(anext(generator))
        await asyncio.create_task(generator.aclose())
        assert not current().is_valid
        return [first, second]

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(main()) == [0, 1]
    assert "detach" not in caplog.text
    by_name: dict[str, list[Any]] = {}
    for span in spans():
        by_name.setdefault(span.name, []).append(span)
    (ticks_span,) = by_name["ticks"]
    assert [span.parent_span_id for span in by_name["within"]] == [ticks_span.span_id] * 2
    assert ticks_span.status.code == 0


def test_an_async_generator_takes_values_and_exceptions(spans: Spans) -> None:
    @botobs.span("echo")
    async def echo() -> AsyncGenerator[str, str]:
        got = "start"
        while True:
            try:
                got = yield got
            except ValueError as error:
                got = f"caught {error}"

    async def main() -> list[str]:
        generator = echo()
        found = [await anext(generator)]
        found.append(await generator.asend("hello"))
        found.append(await generator.athrow(ValueError("x")))
        with pytest.raises(KeyError):
            await generator.athrow(KeyError("y"))
        return found

    assert asyncio.run(main()) == ["start", "hello", "caught x"]
    (span,) = spans()
    assert attributes(span)["error.type"] == "KeyError"


def test_cancellation_is_no_error(spans: Spans) -> None:
    @botobs.span("patient")
    async def patient() -> None:
        await asyncio.sleep(3600)

    async def main() -> None:
        task = asyncio.create_task(patient())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    (span,) = spans()
    assert span.status.code == 0


def test_context_goes_along_into_tasks_and_threads(spans: Spans) -> None:
    @botobs.span("leaf")
    def leaf() -> None:
        pass

    async def main() -> None:
        async with botobs.span("root"):
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.to_thread(leaf))
                group.create_task(asyncio.to_thread(leaf))
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(1) as pool:
                await loop.run_in_executor(pool, contextvars.copy_context().run, leaf)

    asyncio.run(main())
    *leaves, root = spans()
    assert [leaf.parent_span_id for leaf in leaves] == [root.span_id] * 3


def test_without_init_nothing_happens() -> None:
    @botobs.span
    def plain() -> int:
        return 1

    assert plain() == 1
    with botobs.span("x") as it:
        assert not it.is_recording()


# -- one object, used in several places --------------------------------------------------------------------------------


def test_two_tasks_share_one_object(spans: Spans) -> None:
    shared = botobs.span("shared")
    order: list[str] = []

    async def work(name: str, entered: asyncio.Event, leave: asyncio.Event) -> None:
        with botobs.span(name):
            async with shared as span:
                span.set_attribute("task", name)
                entered.set()
                await leave.wait()
            order.append(name)
        assert not current().is_valid

    async def main() -> None:
        entered, leave = [asyncio.Event(), asyncio.Event()], [asyncio.Event(), asyncio.Event()]
        tasks = []
        for index, name in enumerate("ab"):
            tasks.append(asyncio.create_task(work(name, entered[index], leave[index])))
            await entered[index].wait()
        # The first to come is the first to go.
        for index in (0, 1):
            leave[index].set()
            await tasks[index]

    asyncio.run(main())
    by_id = {span.span_id: span.name for span in spans()}
    shared_spans = [span for span in spans() if span.name == "shared"]
    assert [by_id[span.parent_span_id] for span in shared_spans] == order == ["a", "b"]
    assert [attributes(span)["task"] for span in shared_spans] == ["a", "b"]
    first, second = shared_spans
    assert (
        first.start_time_unix_nano
        < second.start_time_unix_nano
        < first.end_time_unix_nano
        < second.end_time_unix_nano
    )


def test_many_threads_share_one_object(spans: Spans) -> None:
    shared = botobs.span("shared")

    def work(number: int) -> None:
        with botobs.span("outer"), shared as span:
            span.set_attribute("number", number)
            with shared:
                assert trace.get_current_span() is not span
            assert trace.get_current_span() is span
        assert not current().is_valid

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))
    found = spans()
    outer = {span.span_id for span in found if span.name == "outer"}
    numbered = {span.span_id for span in found if "number" in attributes(span)}
    assert len(numbered) == 200
    for span in found:
        if span.name == "shared":
            assert span.parent_span_id in (outer if span.span_id in numbered else numbered)


def test_leaving_what_was_not_entered_is_nothing() -> None:
    botobs.span("never").__exit__(None, None, None)


def test_a_block_in_a_generator_that_is_left_early(spans: Spans) -> None:
    def prices() -> Generator[int, None, None]:
        with botobs.span("prices"):
            yield 1
            yield 2

    giver = prices()
    next(giver)
    with botobs.span("consumer") as consumer:
        giver.close()
        assert trace.get_current_span() is consumer
    assert not current().is_valid
    with botobs.span("later"):
        pass
    by_name = {span.name: span for span in spans()}
    assert set(by_name) == {"prices", "consumer", "later"}
    assert by_name["later"].parent_span_id == b""


def test_a_block_in_an_async_generator_that_is_left_early(spans: Spans) -> None:
    async def prices() -> AsyncIterator[int]:
        with botobs.span("prices"):
            yield 1
            yield 2

    async def main() -> None:
        with botobs.span("outer") as outer:
            async for _ in prices():
                break
            # The loop closes the generator in a task of its own.
            gc.collect()
            for _ in range(5):
                await asyncio.sleep(0)
            assert trace.get_current_span() is outer
            with botobs.span("inner"):
                pass
        assert not current().is_valid

    asyncio.run(main())
    by_name = {span.name: span for span in spans()}
    assert by_name["inner"].parent_span_id == by_name["outer"].span_id


def test_what_must_not_be_looked_at_is_not_decorated() -> None:
    class Shy:
        def __call__(self) -> int:
            return 7

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    shy = Shy()
    decorated: Any = botobs.span(shy)
    assert decorated is shy
    assert decorated() == 7
