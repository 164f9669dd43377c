"""Spans are where they are looked for after a suspend and after a step of the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import opentelemetry.sdk.trace
import pytest
from opentelemetry.context import Context
from opentelemetry.trace import set_span_in_context

from .conftest import ENGINES, Recording

HOUR_NS = 3600 * 10**9


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves the wall clock, while the monotonic ones go on: what a suspend looks like, and a correction by NTP."""
    real = time.time_ns
    moved = 0

    def by(nanoseconds: int) -> None:
        nonlocal moved
        moved += nanoseconds

    for module in (time, opentelemetry.sdk.trace):
        monkeypatch.setattr(module, "time_ns", lambda: real() + moved)
    return by


@pytest.fixture(params=[*ENGINES, "fast, exported meanwhile"])
def stepping(request: pytest.FixtureRequest) -> Iterator[Recording]:
    made = Recording(request.param.partition(",")[0])
    made.name = request.param
    yield made
    made.engine.shutdown()


@pytest.mark.parametrize("hours", [8, -8])
def test_what_starts_after_a_step_has_the_new_time(
    stepping: Recording, step: Callable[[int], None], hours: int
) -> None:
    tracer = stepping.tracer
    started: dict[str, int] = {}

    def span(name: str, **arguments: Any) -> Any:
        started[name] = time.time_ns()
        return tracer.start_as_current_span(name, **arguments)

    def move(by: int) -> None:
        """Step the clock, which is seen at the next export, or when a trace starts."""
        step(by * HOUR_NS)
        if "exported" in stepping.name:
            stepping.trace_request()
        else:
            with span(f"trace {by}", context=Context()):
                pass

    with span("root") as root:
        with span("before"):
            pass
        move(hours)
        with span("child"), span("grandchild"):
            pass
        started["started"] = time.time_ns()
        tracer.start_span("started", context=set_span_in_context(root)).end()
        with span("by context", context=set_span_in_context(root)):
            pass
        tracer.start_span("timed", start_time=5 * HOUR_NS).end(6 * HOUR_NS)
        move(-hours)
        with span("back again"):
            pass
    spans = {span.name: span for span in stepping.trace_request().resource_spans[0].scope_spans[0].spans}
    assert set(spans) == {*started, "timed"}
    for name, at in started.items():
        assert abs(spans[name].start_time_unix_nano - at) < 10**9, name
        if (stepping.name, name) != ("stock", "root"):
            # The SDK's own span takes both times from the wall clock.
            duration = spans[name].end_time_unix_nano - spans[name].start_time_unix_nano
            assert 0 <= duration < 10 * 10**9, name
    assert (spans["timed"].start_time_unix_nano, spans["timed"].end_time_unix_nano) == (
        5 * HOUR_NS,
        6 * HOUR_NS,
    )


def test_spans_of_a_trace_agree_while_the_clock_is_slewed(step: Callable[[int], None]) -> None:
    recording = Recording("fast")
    with recording.tracer.start_as_current_span("root"):
        step(-50_000_000)
        recording.trace_request()
        with recording.tracer.start_as_current_span("child"):
            pass
    child, root = recording.trace_request().resource_spans[0].scope_spans[0].spans
    assert root.start_time_unix_nano <= child.start_time_unix_nano
    assert child.end_time_unix_nano <= root.end_time_unix_nano
    recording.engine.shutdown()
