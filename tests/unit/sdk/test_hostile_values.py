"""Whatever a service hands over, wherever: nothing comes back out of it, every span and every other point arrives."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import metrics
from opentelemetry.metrics import Observation
from opentelemetry.trace import Link, SpanContext

import botobs
from botobs import trading
from testbed.otlp_receiver import OtlpReceiver, value_of
from tests.support.hostile import EXCEPTIONS, nested

pytestmark = pytest.mark.slow

Init = Callable[..., botobs.Handle]
BOTH = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
EXAMPLES = 60


def each(hostile: st.SearchStrategy[Any], use: Callable[[Any], None]) -> int:
    """Call `use` with many values; how many times it was called."""
    calls = 0

    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    @given(hostile)
    def run(value: Any) -> None:
        nonlocal calls
        calls += 1
        use(value)

    run()
    return calls


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    caplog.set_level(logging.CRITICAL, "botobs")


def count(receiver: OtlpReceiver, name: str) -> int:
    return sum(span.name == name for span in receiver.spans)


@BOTH
def test_spans(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    link = SpanContext(1, 2, is_remote=True)

    def use(value: Any) -> None:
        with botobs.span("block", value, kind=value, links=value) as span:
            span.set_attribute("key", value)
            span.set_attribute(value, value)
            span.set_attributes(value)
            span.add_event(value, value, value)
            span.add_event("event", {"key": value})
            span.add_link(value, value)
            span.add_link(link, {"key": value})
            span.record_exception(value, value, value, value)
            span.set_status(value, value)
        with botobs.span("attribute", {"key": value}, links=[Link(link, {"key": value}), value]):
            pass

    calls = each(nested(), use)
    assert handle.flush(30)
    assert (count(receiver, "block"), count(receiver, "attribute")) == (calls, calls)
    dropped = [value_of(point) for _, _, point in receiver.points("botobs.sdk.dropped")]
    assert sum(dropped) == 0


@BOTH
def test_names(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()

    def use(value: Any) -> None:
        given: Any = value if not callable(value) else "callable"
        with botobs.span("outer"), botobs.span(given) as span:
            span.update_name(value)

    calls = each(nested(), use)
    assert handle.flush(30)
    assert count(receiver, "outer") == calls
    assert len(receiver.spans) == 2 * calls


def raising(error: BaseException, value: Any) -> Iterator[Callable[[], object]]:
    """Ways in which an exception leaves a span."""

    def block() -> None:
        with botobs.span("raised", value):
            raise error

    @botobs.span("raised", value)
    def function() -> None:
        raise error

    @botobs.span("raised", value)
    async def coroutine() -> None:
        raise error

    @botobs.span("raised", value)
    def generator() -> Iterator[int]:
        yield 1
        raise error

    # Not in a loop: with some of these asyncio itself waits for ever.
    yield from (block, function, lambda: coroutine().send(None), lambda: list(generator()))


@BOTH
@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_exceptions(init: Init, receiver: OtlpReceiver, kind: type[Exception]) -> None:
    handle = init()
    error = kind()
    for run in raising(error, {"key": error}):
        caught: BaseException | None = None
        try:
            run()
        except BaseException as seen:
            caught = seen
        assert caught is error
    assert handle.flush(30)
    failed = [span.status.code for span in receiver.spans if span.name == "raised"]
    assert failed == [2, 2, 2, 2]


@BOTH
def test_measurements(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(series_limit=100_000)
    meter = metrics.get_meter("tested")
    methods = {
        "counter": meter.create_counter("counter").add,
        "level": meter.create_up_down_counter("level").add,
        "histogram": meter.create_histogram("histogram").record,
        "gauge": meter.create_gauge("gauge").set,
    }

    def use(value: Any) -> None:
        for record in methods.values():
            record(1, value)
            record(1, {"key": value})
            record(value, {"amount": "hostile"})
            record(1, {"context": "hostile"}, value)
            record(1, {"neighbour": "good"})

    calls = each(nested(), use)
    meter.create_counter("after").add(1)
    assert handle.flush(30)
    assert receiver.last_value("after") == 1
    assert receiver.last_value("counter", neighbour="good") == calls
    assert receiver.last_value("level", neighbour="good") == calls
    assert receiver.last_value("gauge", neighbour="good") == 1
    *_, point = [
        point for _, series, point in receiver.points("histogram") if series == {"neighbour": "good"}
    ]
    assert (point.count, point.sum) == (calls, calls)


@BOTH
def test_observations(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    meter = metrics.get_meter("observing")
    # A callback has little time, also on a slow machine: a few values of each kind.
    keys: list[Any] = [object(), "\ud800", 10**400, b"x", [[]], {1: 2}, None]
    amounts: list[Any] = ["x", None, 10**400, float("nan"), [1]]
    observed: list[Any] = [
        Observation(2, {"k": 1}),
        *(Observation(1, {"key": value}) for value in keys),
        *(Observation(value, {"amount": "hostile"}) for value in amounts),
        None,
        "x",
    ]
    # Instruments outlive an engine: those of the other one are asked too.
    name = f"observed_{secrets.token_hex(4)}"
    meter.create_observable_gauge(name, [lambda _: iter(observed)])
    meter.create_observable_counter(f"{name}_counter", [lambda _: iter(observed)])
    assert handle.flush(30)
    observed.clear()
    assert receiver.last_value(name, k=1) == 2


@BOTH
def test_trading(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(series_limit=100_000)

    def use(value: Any) -> None:
        bot = trading.bot(value, exchange=value, strategy=value, heartbeat_interval=value)
        bot.state(value)
        bot.failed(value)
        with botobs.span("outer"), bot.turn(), trading.decision(value, strategy=value) as decision:
            order = decision.order(value, exchange=value, symbol=value, side=value, type=value)
            order.filled(value, value, complete=value)
            decision.refused(value)
        with trading.order(value, exchange=value).submission() as order:
            order.acknowledged(value)
            order.rejected(value)
            order.unknown(value)
        trading.feed(value, channel=value).received(value, value)

    calls = each(nested(), use)
    assert handle.flush(30)
    assert count(receiver, "outer") == calls
    assert count(receiver, "bot decision") == calls
    assert count(receiver, "order submit") == calls
