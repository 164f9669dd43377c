"""The same programs on both engines send the same metrics, point by point."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.metrics import CallbackOptions, Observation

from botobs._sdk.engine import Limits
from botobs._sdk.engine.faults import FAULTS
from botobs.semconv import DURATION_BUCKETS

Same = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("warnings_not_compared")


def test_counters(same: Same) -> None:
    def program(engine: Any) -> None:
        orders = engine.meter.create_counter("orders", "{order}", "Orders sent.")
        level = engine.meter.create_up_down_counter("level")
        for exchange, amount in (("binance", 1), ("kraken", 2), ("binance", 3)):
            orders.add(amount, {"exchange": exchange, "kind": "limit"})
            level.add(-amount, {"exchange": exchange})
        orders.add(5)
        orders.add(5, {})
        orders.add(5, None)
        orders.add(1, {"kind": "limit", "exchange": "kraken"})
        level.add(0.5)

    same(program)


def test_floats_and_large_numbers(same: Same) -> None:
    def program(engine: Any) -> None:
        counter = engine.meter.create_counter("c")
        counter.add(1.0, {"kind": "float"})
        counter.add(0, {"kind": "zero"})
        counter.add(2**62, {"kind": "large"})
        counter.add(True, {"kind": "bool"})
        counter.add(1, {"kind": "mixed"})
        counter.add(0.5, {"kind": "mixed"})

    same(program)


def test_what_is_ignored(same: Same) -> None:
    def program(engine: Any) -> None:
        counter, histogram = engine.meter.create_counter("c"), engine.meter.create_histogram("h")
        gauge, level = engine.meter.create_gauge("g"), engine.meter.create_up_down_counter("u")
        for record in (counter.add, histogram.record, gauge.set, level.add):
            record(1)
            for bad in (math.nan, math.inf, -math.inf):
                record(bad)
        counter.add(-1)
        histogram.record(-1)

    same(program)


def test_attributes_that_python_takes_for_equal(same: Same) -> None:
    def program(engine: Any) -> None:
        counter = engine.meter.create_counter("c")
        for value in (True, 1, 1.0, "1", b"1", None, [1], [True], ["1"], {"a": 1}, {"a": True}, (1,)):
            for _ in range(2):
                counter.add(1, {"k": value})
        counter.add(1, {"a": 1, "b": 2})
        counter.add(1, {"b": 2, "a": 1})
        counter.add(1, {"": "no key", 5: "five"})

    same(program)


def test_attributes_are_copied(same: Same) -> None:
    def program(engine: Any) -> None:
        attributes = {"k": "v"}
        counter = engine.meter.create_counter("c")
        counter.add(1, attributes)
        attributes["k"] = "w"
        counter.add(1, attributes)

    same(program)


@pytest.mark.parametrize("bounds", [None, [0.1, 1, 10], []])
def test_histograms(same: Same, bounds: Any) -> None:
    def program(engine: Any) -> None:
        histogram = engine.meter.create_histogram("h", "s", explicit_bucket_boundaries_advisory=bounds)
        for amount in (0, 0.1, 0.05, 1, 1.5, 10, 20, 100_000):
            histogram.record(amount, {"k": "v"})
        histogram.record(3)

    same(program)


@pytest.mark.parametrize("name", ["http.client.request.duration", "db.client.operation.duration"])
def test_durations_have_the_buckets_that_rules_use(same: Same, name: str) -> None:
    def program(engine: Any) -> None:
        engine.meter.create_histogram(name, "s", explicit_bucket_boundaries_advisory=[1, 2]).record(0.2)

    fast = same(program)
    assert fast.metrics()[name]["points"][0]["bounds"] == list(DURATION_BUCKETS)


def test_gauges(same: Same) -> None:
    def program(engine: Any) -> None:
        gauge = engine.meter.create_gauge("g")
        gauge.set(1, {"k": "v"})
        gauge.set(-2.5, {"k": "v"})
        gauge.set(7)
        engine.metrics()

    same(program)


def test_observables(same: Same) -> None:
    def program(engine: Any) -> None:
        calls = iter(range(100))

        def observe(options: CallbackOptions) -> Iterator[Observation]:
            assert options.timeout_millis > 0
            yield Observation(next(calls), {"k": "v"})
            yield Observation(5)
            yield Observation(math.nan, {"k": "nan"})

        def fails(_: CallbackOptions) -> Iterator[Observation]:
            yield Observation(1, {"k": "before it failed"})
            raise RuntimeError("no")

        def generator() -> Any:
            options = yield []
            while True:
                assert isinstance(options, CallbackOptions)
                options = yield [Observation(next(calls), {"k": "generator"})]

        for create in ("observable_counter", "observable_gauge", "observable_up_down_counter"):
            getattr(engine.meter, f"create_{create}")(create, [observe, fails, generator()], "1", "d")
        engine.meter.create_observable_gauge("nothing", [lambda _: []])
        engine.meter.create_observable_gauge("without.callbacks")
        engine.metrics()

    same(program)


def test_observed_twice_at_once(same: Same) -> None:
    def program(engine: Any) -> None:
        for create in ("observable_counter", "observable_gauge"):
            callbacks = [lambda _: [Observation(1)], lambda _: [Observation(2)]]
            getattr(engine.meter, f"create_{create}")(create, callbacks)

    same(program)


def test_exemplars(same: Same) -> None:
    def program(engine: Any) -> None:
        counter, gauge = engine.meter.create_counter("c"), engine.meter.create_gauge("g")
        histogram = engine.meter.create_histogram("h", explicit_bucket_boundaries_advisory=[1, 2])
        with engine.tracer.start_as_current_span("s") as span:
            counter.add(1)
            gauge.set(2.5)
            histogram.record(0.5)
            histogram.record(5)
        counter.add(10, {"without": "span"}, None)
        counter.add(3, {"with": "context"}, trace.set_span_in_context(span))

    same(program)


def test_exemplars_name_the_span(recording: Any) -> None:
    histogram = recording.meter.create_histogram("h")
    bound = histogram.bind() if recording.name != "stock" else histogram
    with recording.tracer.start_as_current_span("s") as span:
        bound.record(0.5)
    request = recording.engine.collect_metrics()
    ids = span.get_span_context()
    assert ids.span_id.to_bytes(8, "big") in request
    assert ids.trace_id.to_bytes(16, "big") in request
    assert ids.span_id.to_bytes(8, "big") not in recording.engine.collect_metrics()


def test_series_are_limited(same: Same) -> None:
    def program(engine: Any) -> None:
        counter, histogram = engine.meter.create_counter("c"), engine.meter.create_histogram("h")
        for number in range(10):
            counter.add(1, {"n": number})
            histogram.record(1, {"n": str(number)})
        counter.add(1, {"n": 0})
        assert engine.engine.overflows == 14

    fast = same(program, limits=Limits(series=3))
    assert {"otel.metric.overflow": ("bool_value", True)} in [
        point["attributes"] for point in fast.metrics()["c"]["points"]
    ]


def test_identities(same: Same) -> None:
    def program(engine: Any) -> None:
        first = engine.meter.create_counter("Name", "1", "d")
        assert engine.meter.create_counter("name", "1", "d") is first
        first.add(1)
        provider = engine.engine.meter_provider
        assert provider.get_meter("a", "1") is provider.get_meter("a", "1")
        provider.get_meter("a", "1", "https://schema").create_counter("other").add(1)

    same(program)


@pytest.mark.parametrize(
    "name, unit", [("", ""), ("1st", ""), ("naïve", ""), ("a" * 256, ""), ("fine", "u" * 64)]
)
def test_names_that_are_not_allowed(
    recording: Any, caplog: pytest.LogCaptureFixture, name: str, unit: str
) -> None:
    # The specification has the SDK tell the user; a service must start all the same.
    caplog.set_level(logging.WARNING, "botobs")
    FAULTS.forget()
    recording.meter.create_counter(name, unit).add(1)
    recording.meter.create_counter("fine").add(2)
    assert list(recording.metrics()) == ["fine"]
    assert "is not recorded" in caplog.text


def test_nothing_recorded_nothing_sent(recording: Any) -> None:
    recording.meter.create_counter("c")
    assert recording.metrics() == {}
