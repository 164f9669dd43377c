"""Nothing of a service's is called on its thread: it might never return."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import Link, Status, StatusCode

import botobs
from tests.support.untouchable import CALLS, NAMES, held

from .conftest import Recording

pytestmark = pytest.mark.usefixtures("warnings_not_compared")


@pytest.fixture(params=NAMES)
def value(request: pytest.FixtureRequest) -> Any:
    """Each holder in turn."""
    made = held()[request.param]
    CALLS.clear()
    return made


def test_spans_ask_nothing(recording: Recording, value: Any) -> None:
    tracer = recording.tracer
    for given in (
        {"attributes": value},
        {"attributes": {"key": value}},
        {"links": value},
        {"links": [value]},
        {"kind": value},
        {"start_time": value},
        {"context": value},
    ):
        with tracer.start_as_current_span("given", **given):
            pass
    tracer.start_span(value).end(value)
    with tracer.start_as_current_span("span") as span:
        span.set_attribute("key", value)
        span.set_attribute(value, 1)
        span.set_attributes(value)
        span.set_attributes({"key": value})
        span.add_event(value, value, value)
        span.add_event("event", {"key": value})
        span.add_link(value, value)
        span.add_link(span.get_span_context(), {"key": value})
        span.set_status(value)
        span.set_status(StatusCode.ERROR, value)
        span.set_status(Status(StatusCode.ERROR), value)
        span.record_exception(value, value, value, value)
        span.record_exception(ValueError(value), {"key": value})
        span.update_name(value)
        span.update_name("span")
    tracer.start_span("linked", links=[Link(span.get_span_context(), {"key": value})]).end()
    with botobs.span("a" if callable(value) else value, value, kind=value, links=value):
        pass
    assert CALLS == []


def test_exceptions_are_asked_nothing(recording: Recording, value: Any) -> None:
    if not issubclass(type(value), BaseException):
        value = ValueError(value)
    try:
        with recording.tracer.start_as_current_span("span"):
            raise value
    except BaseException as error:
        assert error is value
    assert CALLS == []


def test_instruments_ask_nothing(recording: Recording, value: Any) -> None:
    meter = recording.meter
    for record in (
        meter.create_counter("c").add,
        meter.create_up_down_counter("u").add,
        meter.create_gauge("g").set,
        meter.create_histogram("h", explicit_bucket_boundaries_advisory=[value]).record,
    ):
        for _ in range(2):
            record(value)
            record(1, value)
            record(1, {"key": value})
            record(1, {"key": "text", "other": value})
            record(1, {}, value)
    for given in ((value,), ("a", value), ("a", "1", value)):
        meter.create_counter(*given)
    meter.create_histogram("b", explicit_bucket_boundaries_advisory=value)
    meter.create_observable_gauge("o", value)
    assert CALLS == []
