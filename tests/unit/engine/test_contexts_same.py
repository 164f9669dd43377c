"""The same programs on both engines continue the same traces: parents, baggage, samplers, threads and tasks."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags, TraceState

from .conftest import SAMPLED, Recording

Same = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("warnings_not_compared")


UNSAMPLED = SpanContext(0xABC, 0xDEF, True, TraceFlags(0))


def remote(parent: SpanContext) -> context.Context:
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), context.Context())


def test_remote_parents(same: Same) -> None:
    def program(engine: Any) -> None:
        server = engine.tracer.start_as_current_span("server", context=remote(SAMPLED), kind=SpanKind.SERVER)
        with server, engine.tracer.start_as_current_span("below"):
            carrier: dict[str, str] = {}
            inject(carrier)
            assert carrier["traceparent"].startswith(f"00-{0xABC:032x}-")
            assert carrier["tracestate"] == "vendor=x"
        token = context.attach(extract({"traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-01"}))
        with engine.tracer.start_as_current_span("attached"):
            pass
        context.detach(token)
        with engine.tracer.start_as_current_span("dropped", context=remote(UNSAMPLED)) as span:
            assert not span.is_recording()
            with engine.tracer.start_as_current_span("dropped too") as inner:
                assert not inner.get_span_context().trace_flags.sampled
                assert inner.get_span_context().trace_id == 0xABC

    same(program)


def test_explicit_context(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("a") as a:
            below_a = trace.set_span_in_context(a)
            with (
                engine.tracer.start_as_current_span("b"),
                engine.tracer.start_as_current_span("c", context=below_a),
                engine.tracer.start_as_current_span("d"),
            ):
                pass
            with engine.tracer.start_as_current_span("root", context=context.Context()):
                pass

    same(program)


def test_baggage_survives(same: Same) -> None:
    def program(engine: Any) -> None:
        token = context.attach(baggage.set_baggage("bot", "7"))
        with (
            engine.tracer.start_as_current_span("outer"),
            engine.tracer.start_as_current_span("inner") as span,
        ):
            span.set_attribute("bot", str(baggage.get_baggage("bot")))
        context.detach(token)
        assert baggage.get_baggage("bot") is None

    same(program)


def test_use_span(same: Same) -> None:
    def program(engine: Any) -> None:
        span = engine.tracer.start_span("used")
        with trace.use_span(span), engine.tracer.start_as_current_span("below"):
            pass
        assert span.is_recording()
        with pytest.raises(ValueError), trace.use_span(span, end_on_exit=True):
            raise ValueError("inside")

    same(program)


def test_entered_twice(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("outer") as span:
            with span:
                assert trace.get_current_span() is span
            assert not span.is_recording()
        assert trace.get_current_span() is trace.INVALID_SPAN

    same(program)


def test_decorators(same: Same) -> None:
    def program(engine: Recording) -> None:
        @engine.tracer.start_as_current_span("sync", attributes={"a": 1})
        def double(number: int) -> int:
            return 2 * number

        @engine.tracer.start_as_current_span("async", kind=SpanKind.CLIENT)
        async def fetch() -> int:
            with engine.tracer.start_as_current_span("awaited"):
                await asyncio.sleep(0)
            return 3

        assert double.__name__ == "double"
        assert [double(2), double(3)] == [4, 6]
        with engine.tracer.start_as_current_span("caller"):
            assert asyncio.run(fetch()) == 3

    same(program)


def test_threads(same: Same) -> None:
    def program(engine: Any) -> None:
        def work(number: int) -> None:
            with (
                engine.tracer.start_as_current_span(f"thread {number}"),
                engine.tracer.start_as_current_span("inner"),
            ):
                pass

        with engine.tracer.start_as_current_span("main"):
            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(contextvars.copy_context().run, work, 9).result()

    fast = same(lambda engine: program(engine))
    assert len(fast.ended) == 11


def test_asyncio(same: Same) -> None:
    async def child(engine: Any, number: int) -> None:
        with engine.tracer.start_as_current_span(f"task {number}"):
            await asyncio.sleep(0)
            with engine.tracer.start_as_current_span(f"within {number}"):
                await asyncio.sleep(0)

    async def ticks(engine: Any) -> Any:
        with engine.tracer.start_as_current_span("generator"):
            for number in range(3):
                yield number

    async def main(engine: Any) -> None:
        with engine.tracer.start_as_current_span("main"):
            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(child(engine, number))
            await asyncio.to_thread(engine.tracer.start_span("to thread").end)
            async for _ in ticks(engine):
                with engine.tracer.start_as_current_span("tick"):
                    pass

    same(lambda engine: asyncio.run(main(engine)))


def test_a_generator_closed_elsewhere(same: Same) -> None:
    def program(engine: Any) -> None:
        async def ticks() -> Any:
            with engine.tracer.start_as_current_span("generator"):
                yield 1

        async def main() -> None:
            generator = ticks()
            await asyncio.create_task(generator.__anext__())
            await asyncio.create_task(generator.aclose())

        asyncio.run(main())

    same(program)


class Custom(Sampler):
    """Adds to the span what a sampler may add, and decides by name."""

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        attributes: Any = None,
        *_: Any,
        **__: Any,
    ) -> SamplingResult:
        decision = {"drop": Decision.DROP, "record": Decision.RECORD_ONLY}.get(
            name, Decision.RECORD_AND_SAMPLE
        )
        return SamplingResult(decision, {**(attributes or {}), "sampler": "custom"}, TraceState([("s", "1")]))

    def get_description(self) -> str:
        return "custom"


SAMPLERS: dict[str, Callable[[], Sampler]] = {
    "on": lambda: ALWAYS_ON,
    "off": lambda: ALWAYS_OFF,
    "ratio 1": lambda: TraceIdRatioBased(1.0),
    "ratio 0": lambda: TraceIdRatioBased(0.0),
    "parent on": lambda: ParentBased(ALWAYS_ON),
    "parent off": lambda: ParentBased(ALWAYS_OFF),
    "parent ratio 0": lambda: ParentBased(TraceIdRatioBased(0.0)),
    "turned round": lambda: ParentBased(ALWAYS_ON, ALWAYS_OFF, ALWAYS_ON, ALWAYS_OFF, ALWAYS_ON),
    "custom": Custom,
    "parent custom": lambda: ParentBased(Custom()),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(same: Same, name: str) -> None:
    def program(engine: Any) -> None:
        for parent, where in (("none", None), ("sampled", remote(SAMPLED)), ("unsampled", remote(UNSAMPLED))):
            with engine.tracer.start_as_current_span(
                f"below {parent}", context=where, attributes={"a": 1}
            ) as span:
                span.set_attribute("recording", span.is_recording())
                with engine.tracer.start_as_current_span(f"child of {parent}"):
                    engine.tracer.start_span(f"grandchild of {parent}").end()
                for special in ("drop", "record"):
                    with engine.tracer.start_as_current_span(special):
                        engine.tracer.start_span(f"below {special} of {parent}").end()

    same(program, sampler=SAMPLERS[name])


def test_scopes(same: Same) -> None:
    def program(engine: Any) -> None:
        for arguments in (
            ("a",),
            ("a", "1"),
            ("a", "1", "https://schema"),
            ("a", "1", "https://schema", {"k": "v"}),
        ):
            provider = engine.engine.tracer_provider
            assert provider.get_tracer(*arguments) is provider.get_tracer(*arguments)
            provider.get_tracer(*arguments).start_span(f"{len(arguments)}").end()

    same(program)
