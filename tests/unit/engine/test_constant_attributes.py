"""Attributes that never change find the series that the same attributes find, on each engine that they are used on."""

from __future__ import annotations

from typing import Any

from botobs._sdk.engine import Limits
from botobs._sdk.engine.constant import MOST_METRICS, ConstantAttributes
from botobs._sdk.providers import SwitchMeterProvider

from .conftest import ENGINES, Recording


def test_they_count_in_the_series_of_the_same_attributes(recording: Recording) -> None:
    constant = ConstantAttributes({"exchange": "binance", "status": 200})
    counter = recording.meter.create_counter("c")
    counter.add(1, constant)
    counter.add(2, dict(constant))
    counter.add(3, constant)
    (point,) = recording.metrics()["c"]["points"]
    assert point["value"] == ("as_int", 6)
    assert point["attributes"] == {"exchange": ("string_value", "binance"), "status": ("int_value", 200)}


def test_after_another_init_only_what_is_measured_is_there() -> None:
    provider = SwitchMeterProvider()
    counter = provider.get_meter("m").create_counter("c")
    constants = [ConstantAttributes({"bot": name}) for name in ENGINES]
    for constant, name in zip(constants, ENGINES, strict=True):
        engine = Recording(name)
        provider.switch(engine.engine.meter_provider)
        counter.add(1, constant)
        (point,) = engine.metrics()["c"]["points"]
        assert point["attributes"] == {"bot": ("string_value", name)}
    provider.switch(None)


def test_what_goes_to_the_overflow_series_is_counted_each_time() -> None:
    fast = Recording("fast", limits=Limits(series=1))
    counter = fast.meter.create_counter("c")
    for _ in range(2):
        for number in range(3):
            counter.add(1, ConstantAttributes({"n": str(number)}))
    constant = ConstantAttributes({"n": "9"})
    counter.add(1, constant)
    assert not constant.cells
    assert [point["value"] for point in fast.metrics()["c"]["points"]] == [("as_int", 2), ("as_int", 5)]


def test_they_forget_series_rather_than_keep_those_of_every_metric() -> None:
    constant = ConstantAttributes({"a": "b"})
    fast = Recording("fast")
    for number in range(2 * MOST_METRICS):
        fast.meter.create_counter(f"counter.{number}").add(1, constant)
    assert 0 < len(constant.cells) <= MOST_METRICS
    assert all(fast.value(f"counter.{number}") == 1 for number in range(2 * MOST_METRICS))


def test_several_attributes_at_once_are_as_one_by_one(recording: Recording) -> None:
    limit = 128
    for name in ("at once", "one by one"):
        span = recording.tracer.start_span(name, attributes={"a": 1, "b": 2})
        several: dict[str, Any] = {"a": 3, **{f"k{number}": number for number in range(limit)}}
        changes: list[dict[str, Any]] = [{"a": 2, "c": [1]}, several, {"": 1}]
        for some in changes:
            if name == "at once":
                span.set_attributes(some)
            else:
                for key, value in some.items():
                    span.set_attribute(key, value)
        span.end()
    one, other = recording.spans()
    assert one["attributes"] == other["attributes"]
    assert len(one["attributes"]) == limit
