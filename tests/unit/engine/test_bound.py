"""Bound instruments are the instruments with attributes, on both engines."""

from __future__ import annotations

import math
from typing import Any

import pytest
from opentelemetry.metrics import NoOpMeter

from botobs._sdk.engine import Limits
from botobs._sdk.engine.bound import bind
from botobs._sdk.providers import SwitchMeterProvider

from .conftest import Recording


def test_bound_instruments_say_the_same(recording: Recording) -> None:
    meter = recording.meter
    attributes = {"exchange": "binance"}
    counter, level = meter.create_counter("c"), meter.create_up_down_counter("u")
    histogram, gauge = meter.create_histogram("h"), meter.create_gauge("g")
    bound_counter, bound_level = bind(counter, attributes), bind(level, attributes)
    bound_histogram, bound_gauge = bind(histogram, attributes), bind(gauge, attributes)
    attributes["exchange"] = "changed later"
    bound_counter.add(1)
    counter.add(2, {"exchange": "binance"})
    bound_level.add(-1.5)
    bound_histogram.record(7)
    histogram.record(7, {"exchange": "binance"})
    bound_gauge.set(3)
    for bad in (math.nan, math.inf, -1):
        bound_counter.add(bad)
        bound_histogram.record(bad)
    found = recording.metrics()
    assert [found[name]["points"][0]["value"] for name in "cug"] == [
        ("as_int", 3),
        ("as_double", -1.5),
        ("as_int", 3),
    ]
    (point,) = found["h"]["points"]
    assert (point["count"], point["sum"]) == (2, 14)
    assert point["attributes"] == {"exchange": ("string_value", "binance")}


def test_without_attributes(recording: Recording) -> None:
    counter = recording.meter.create_counter("c")
    bind(counter).add(1)
    counter.add(1)
    (point,) = recording.metrics()["c"]["points"]
    assert point["value"] == ("as_int", 2)


def test_a_bound_series_beyond_the_limit_is_the_overflow_series() -> None:
    fast = Recording("fast", limits=Limits(series=1))
    counter = fast.meter.create_counter("c")
    bind(counter, {"n": 1}).add(1)
    bind(counter, {"n": 2}).add(1)
    bind(counter, {"n": 3}).add(1)
    assert [point["value"] for point in fast.metrics()["c"]["points"]] == [("as_int", 1), ("as_int", 2)]


def test_a_bound_counter_is_there_before_it_counts() -> None:
    fast = Recording("fast")
    bind(fast.meter.create_counter("c"), {"k": "v"})
    bind(fast.meter.create_gauge("g"), {"k": "v"})
    assert {name: metric["points"][0]["value"] for name, metric in fast.metrics().items()} == {
        "c": ("as_int", 0)
    }


def test_refused_attributes() -> None:
    fast = Recording("fast")
    counter = fast.meter.create_counter("c")
    bind(counter, {"client_order_id": "1", "exchange": "binance"}).add(1)
    counter.add(1, {"client_order_id": "2", "exchange": "binance"})
    (point,) = fast.metrics()["c"]["points"]
    assert point["attributes"] == {"exchange": ("string_value", "binance")}
    assert point["value"] == ("as_int", 2)


def test_where_nothing_records() -> None:
    meter = NoOpMeter("m")
    bind(meter.create_counter("c"), {"k": "v"}).add(1)
    bind(meter.create_histogram("h")).record(1)


@pytest.mark.parametrize("what", ["create_observable_gauge", None])
def test_what_cannot_be_bound(what: Any) -> None:
    instrument: Any = getattr(NoOpMeter("m"), what)("o") if what else object()
    with pytest.raises(TypeError, match="can be bound"):
        bind(instrument)


def test_bound_instruments_follow_another_init() -> None:
    provider = SwitchMeterProvider()
    counter = provider.get_meter("m").create_counter("c")
    bound = bind(counter, {"k": "v"})
    bound.add(1)
    engines = [Recording("fast"), Recording("stock"), Recording("fast")]
    for engine in engines:
        provider.switch(engine.engine.meter_provider)
        bound.add(5)
        counter.add(1, {"k": "v"})
    provider.switch(None)
    bound.add(1)
    assert [engine.metrics()["c"]["points"][0]["value"] for engine in engines] == [("as_int", 6)] * 3
