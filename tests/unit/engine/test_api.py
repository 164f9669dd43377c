"""The fast engine is OpenTelemetry to everybody who uses it."""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from typing import Any

import pytest
from opentelemetry import context, metrics, trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from botobs._sdk.engine.fast.clock import CLOCK
from botobs._sdk.engine.fast.meter import bucket_bounds
from botobs._sdk.ids import Ids, given

from .conftest import Recording


@pytest.fixture
def fast() -> Recording:
    return Recording("fast")


def test_types(fast: Recording) -> None:
    with fast.tracer.start_as_current_span("s") as span:
        assert isinstance(span, trace.Span)
        assert isinstance(span, ReadableSpan)
        assert isinstance(span, SdkSpan)
        assert trace.get_current_span() is span
        assert isinstance(span.get_span_context(), trace.SpanContext)
    assert isinstance(fast.tracer.start_as_current_span("s"), contextlib.AbstractContextManager)
    assert isinstance(fast.tracer, trace.Tracer)
    assert isinstance(fast.engine.tracer_provider, trace.TracerProvider)
    assert isinstance(fast.engine.meter_provider, metrics.MeterProvider)
    assert isinstance(fast.meter.create_counter("c"), metrics.Counter)
    assert isinstance(fast.meter.create_up_down_counter("u"), metrics.UpDownCounter)
    assert isinstance(fast.meter.create_histogram("h"), metrics.Histogram)
    assert isinstance(fast.meter.create_observable_counter("oc"), metrics.ObservableCounter)
    assert isinstance(fast.meter.create_observable_gauge("og"), metrics.ObservableGauge)
    assert isinstance(fast.meter.create_observable_up_down_counter("ou"), metrics.ObservableUpDownCounter)


def test_unsampled_spans_are_non_recording(fast: Recording) -> None:
    for sampler in (ALWAYS_OFF, ParentBased(ALWAYS_OFF), ParentBased(TraceIdRatioBased(0.0))):
        engine = Recording("fast", sampler)
        with engine.tracer.start_as_current_span("s") as span:
            ids = span.get_span_context()
            assert isinstance(span, trace.NonRecordingSpan)
            assert isinstance(span, trace.Span)
            assert trace.get_current_span() is span
            assert ids.is_valid
            assert not ids.trace_flags.sampled
            assert span.get_span_context() == ids
            span.set_attribute("a", 1)
            span.set_attributes({})
            span.add_event("e")
            span.add_link(ids)
            span.set_status(trace.StatusCode.ERROR)
            span.record_exception(ValueError())
            span.update_name("n")
            assert not span.is_recording()
        assert trace.get_current_span() is trace.INVALID_SPAN
        assert engine.ended == []


def test_a_share_is_sampled_and_the_rest_of_a_trace_follows() -> None:
    engine = Recording("fast", ParentBased(TraceIdRatioBased(0.5)))
    roots = []
    for _ in range(400):
        with (
            engine.tracer.start_as_current_span("root") as root,
            engine.tracer.start_as_current_span("child") as child,
        ):
            started = engine.tracer.start_span("started")
        ids = [span.get_span_context() for span in (root, child, started)]
        assert len({(one.trace_id, one.trace_flags) for one in ids}) == 1
        roots.append(ids[0].trace_flags.sampled)
    assert 100 < sum(roots) < 300


def test_an_unsampled_root_keeps_what_the_context_holds() -> None:
    engine = Recording("fast", ParentBased(TraceIdRatioBased(0.0)))
    before = context.attach(context.set_value("basket", "apples"))
    with engine.tracer.start_as_current_span("root") as root:
        assert context.get_value("basket") == "apples"
        with engine.tracer.start_as_current_span("child"):
            inner = trace.get_current_span().get_span_context()
        assert inner.trace_id == root.get_span_context().trace_id
        assert trace.get_current_span() is root
    assert context.get_value("basket") == "apples"
    assert trace.get_current_span() is trace.INVALID_SPAN
    context.detach(before)


@pytest.mark.parametrize("error", [None, ValueError("no")])
def test_whether_a_span_is_the_root_is_settled_when_it_is_entered(error: Exception | None) -> None:
    engine = Recording("fast", ParentBased(TraceIdRatioBased(0.0)))
    waiting = engine.tracer.start_as_current_span("waiting", attributes={"a": 1})
    parent = trace.SpanContext(7, 8, is_remote=True, trace_flags=trace.TraceFlags(1))
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(parent)))
    with contextlib.suppress(ValueError), waiting as span:
        assert span.is_recording()
        assert trace.get_current_span() is span
        if error is not None:
            raise error
    context.detach(token)
    (ended,) = engine.ended
    assert (ended.name, ended.parent.span_id, dict(ended.attributes)) == ("waiting", 8, {"a": 1})
    assert len(ended.events) == (error is not None)


def test_a_decorated_function_is_decided_about_at_each_call() -> None:
    engine = Recording("fast", ParentBased(TraceIdRatioBased(0.5)))

    @engine.tracer.start_as_current_span("called")
    def called() -> bool:
        return trace.get_current_span().get_span_context().trace_flags.sampled

    assert 100 < sum(called() for _ in range(400)) < 300
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_nothing_starts_before_it_is_entered(fast: Recording) -> None:
    tracer: Any = fast.tracer
    waiting = tracer.start_as_current_span("waiting", attributes=(attributes := {"a": 1}))
    assert not waiting.is_recording()
    assert waiting.get_span_context() is trace.INVALID_SPAN_CONTEXT
    waiting.set_attribute("b", 2)
    waiting.end()
    assert attributes == {"a": 1}
    assert waiting.start_time is waiting.end_time is None
    assert fast.engine.spans_started == 0
    with tracer.start_as_current_span("outer") as outer, waiting as started:
        assert started.parent == outer.get_span_context()
    assert [span.name for span in fast.ended] == ["waiting", "outer"]
    assert fast.engine.spans_started == 2


def test_properties(fast: Recording) -> None:
    tracer: Any = fast.tracer
    with (
        tracer.start_as_current_span("outer") as outer,
        tracer.start_as_current_span("s", attributes={"a": [1]}, kind=trace.SpanKind.CLIENT) as span,
    ):
        span.add_event("e", {"k": "v"})
        span.add_link(outer.get_span_context(), {"l": 1})
        span.set_status(trace.StatusCode.ERROR, "why")
        assert span.end_time is None
    assert (span.name, span.kind, dict(span.attributes)) == ("s", trace.SpanKind.CLIENT, {"a": (1,)})
    assert span.parent == outer.get_span_context()
    assert [(event.name, dict(event.attributes)) for event in span.events] == [("e", {"k": "v"})]
    assert [(link.context, dict(link.attributes)) for link in span.links] == [
        (outer.get_span_context(), {"l": 1})
    ]
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, "why")
    assert outer.start_time <= span.start_time <= span.events[0].timestamp <= span.end_time <= outer.end_time
    assert span.resource.attributes["service.name"] == "tested"
    assert span.instrumentation_scope.name == "tested"
    assert json.loads(span.to_json())["attributes"] == {"a": [1]}
    assert "s" in repr(span)
    with pytest.raises(TypeError):
        span.attributes["b"] = 1


class Ids256(IdGenerator):
    def __init__(self) -> None:
        self.last = 255

    def generate_span_id(self) -> int:
        self.last += 1
        return self.last

    def generate_trace_id(self) -> int:
        self.last += 1
        return self.last


def test_an_id_generator(fast: Recording) -> None:
    fast.engine.tracer_provider.id_generator = Ids256()  # type: ignore[attr-defined]
    with fast.tracer.start_as_current_span("s") as span:
        assert span.get_span_context()[:2] == (256, 257)
        assert not span.get_span_context().trace_flags.random_trace_id


def test_given_ids(fast: Recording) -> None:
    ids = Ids.derive("binance", "order 1")
    with given(ids), fast.tracer.start_as_current_span("s") as span:
        assert span.get_span_context()[:2] == (ids.trace_id, ids.span_id)
    with fast.tracer.start_as_current_span("t") as span:
        assert span.get_span_context().trace_id != ids.trace_id


def test_a_seed_does_not_repeat_ids(fast: Recording) -> None:
    def draw() -> tuple[int, int]:
        random.seed(42)
        with fast.tracer.start_as_current_span("s") as span:
            return span.get_span_context()[:2]

    assert draw() != draw()


def test_span_processors_and_exporters(fast: Recording) -> None:
    calls: list[tuple[str, str]] = []

    class Watching(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            calls.append(("start", span.name))
            span.set_attribute("seen", True)

        def _on_ending(self, span: Any) -> None:
            calls.append(("ending", span.name))

        def on_end(self, span: Any) -> None:
            calls.append(("end", span.name))

    exporter = InMemorySpanExporter()
    provider: Any = fast.engine.tracer_provider
    provider.add_span_processor(Watching())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with fast.tracer.start_as_current_span("s"):
        pass
    assert calls == [("start", "s"), ("ending", "s"), ("end", "s")]
    (exported,) = exporter.get_finished_spans()
    assert exported.attributes == {"seen": True}
    assert fast.ended == [exported]
    assert provider.force_flush()
    provider.shutdown()


def test_durations_do_not_follow_a_wall_clock_that_is_set(
    fast: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer: Any = fast.tracer
    span = tracer.start_span("s")
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    CLOCK.refresh()
    try:
        with trace.use_span(span):
            child = tracer.start_span("child")
        child.end()
        span.end()
        other = tracer.start_span("other trace")
    finally:
        monkeypatch.undo()
        CLOCK.refresh()
    assert 0 <= span.end_time - span.start_time < 10**10
    assert child.start_time <= child.end_time < 10**10
    assert other.start_time < 10**10


def test_after_the_shutdown_nothing_is_handed_on(recording: Recording) -> None:
    open_span = recording.tracer.start_span("open")
    recording.engine.shutdown()
    open_span.end()
    with recording.tracer.start_as_current_span("late"):
        pass
    assert recording.ended == []
    assert isinstance(recording.engine.meter_provider.get_meter("late"), metrics.NoOpMeter)


def test_ended_spans_hold_no_other_spans_but_the_first_of_their_trace(fast: Recording) -> None:
    start = fast.tracer.start_as_current_span
    with start("first"), start("outer"), start("inner"):
        pass
    inner, outer, _ = fast.ended
    before = sys.getrefcount(outer)
    fast.ended.remove(inner)
    del inner
    assert sys.getrefcount(outer) == before


def test_a_context_made_with_our_span(fast: Recording) -> None:
    with fast.tracer.start_as_current_span("s") as span:
        held = context.get_current()
    assert trace.get_current_span(held) is span
    token = context.attach(held)
    assert trace.get_current_span() is span
    context.detach(token)


@pytest.mark.parametrize("advised", [[2, 1], [1, 1], "abc", 5, [None]])
def test_boundaries_that_make_no_sense(advised: Any) -> None:
    assert bucket_bounds("h", advised) == bucket_bounds("h", None)
