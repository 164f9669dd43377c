"""Nothing is recorded and nothing is changed where botobs is disabled."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, SpanContext, TraceFlags, Tracer

from botobs._sdk.engine.disabled import DisabledTracerProvider

from .conftest import Recording

REMOTE = NonRecordingSpan(SpanContext(1, 2, True, TraceFlags(1)))


@pytest.fixture(params=["ours", "upstream"])
def tracer(request: pytest.FixtureRequest) -> Tracer:
    return DisabledTracerProvider().get_tracer("t") if request.param == "ours" else NoOpTracer()


def test_nothing_around_it(tracer: Tracer) -> None:
    with tracer.start_as_current_span("s", attributes={"a": 1}) as span:
        assert not span.is_recording()
        assert not span.get_span_context().is_valid
        assert trace.get_current_span() is trace.INVALID_SPAN
        span.set_attribute("a", 1)
    assert not tracer.start_span("s").is_recording()


def test_a_remote_parent_is_passed_on(tracer: Tracer) -> None:
    with trace.use_span(REMOTE), tracer.start_as_current_span("s") as span:
        assert span.get_span_context() == REMOTE.get_span_context()
        assert trace.get_current_span().get_span_context() == REMOTE.get_span_context()
    with tracer.start_as_current_span("s", context=trace.set_span_in_context(REMOTE)) as span:
        assert trace.get_current_span() is span
        assert span.get_span_context() == REMOTE.get_span_context()


def test_somebody_elses_span_is_not_written_to(tracer: Tracer) -> None:
    other = Recording("fast")
    with other.tracer.start_as_current_span("theirs") as theirs:
        with tracer.start_as_current_span("s") as span:
            assert not trace.get_current_span().is_recording()
            assert span.get_span_context() == theirs.get_span_context()
        assert trace.get_current_span() is theirs


def test_exceptions_pass(tracer: Tracer) -> None:
    with pytest.raises(ValueError), tracer.start_as_current_span("s"):
        raise ValueError


def test_decorators(tracer: Tracer) -> None:
    @tracer.start_as_current_span("sync")
    def double(number: int) -> int:
        return number * 2

    @tracer.start_as_current_span("async")
    async def triple(number: int) -> int:
        return number * 3

    assert (double(2), asyncio.run(triple(2))) == (4, 6)
