"""Measurements whose attributes are sent alike are one series: no export has two points with equal attributes."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.metrics import Observation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from botobs._sdk.engine import Limits, create_engine
from botobs._sdk.engine.bound import bind
from botobs._sdk.redaction import Redactor

from .conftest import RESOURCE, attributes_of

ENGINES = ("stock", "fast")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "botobs")
    caplog.set_level(logging.CRITICAL, "opentelemetry")


def engine_of(name: str) -> Any:
    """An engine that takes out the values of `hidden`, and whatever looks like `pattern` and two digits."""
    redactor = Redactor([r"pattern\d\d"], ["hidden"])
    return create_engine(name, RESOURCE, ParentBased(ALWAYS_ON), lambda _: None, redactor, Limits())


def points(engine: Any) -> dict[str, list[Any]]:
    """The data points of one collection by metric."""
    request = ExportMetricsServiceRequest.FromString(engine.collect_metrics() or b"")
    return {
        metric.name: list(getattr(metric, metric.WhichOneof("data")).data_points)
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def number(point: Any) -> float:
    return float(point.sum if hasattr(point, "sum") else getattr(point, point.WhichOneof("value")))


# Values that differ here and are equal once they are sent, or the other way round.
SCALARS = st.one_of(
    st.sampled_from(
        [
            "",
            "a",
            "pattern01",
            "pattern02",
            "a pattern03 b",
            "a\ud800",
            "a\udfff",
            "a?",
            str(1 << 70),
            1 << 70,
            1,
            True,
            1.0,
            "1",
            0.0,
            -0.0,
            b"one",
            b"two",
            None,
        ]
    ),
    st.builds(lambda: math.nan * 1),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["k", "hidden"]), inner, max_size=2)
    ),
    max_leaves=4,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["key", "hidden", "k\ud800", "k\udfff"]), VALUES, max_size=3)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=150)
@given(measured=st.lists(ATTRIBUTES, min_size=1, max_size=8))
def test_no_two_points_are_alike(name: str, measured: list[dict[str, Any]]) -> None:
    engine = engine_of(name)
    meter = engine.meter_provider.get_meter("tested")
    counter, histogram, gauge = (
        meter.create_counter("c"),
        meter.create_histogram("h"),
        meter.create_gauge("g"),
    )
    meter.create_observable_up_down_counter(
        "o", [lambda _: [Observation(1, attributes) for attributes in measured]]
    )
    for attributes in measured:
        counter.add(1, attributes)
        histogram.record(1, attributes)
        gauge.set(1, attributes)
    try:
        found = points(engine)
    finally:
        engine.shutdown()
    assert set(found) == {"c", "h", "g", "o"}
    for of_metric in found.values():
        sent = [repr(sorted(attributes_of(point.attributes).items())) for point in of_metric]
        assert len(set(sent)) == len(sent)
        assert not any("pattern0" in one for one in sent)
    for metric in "cho":
        assert sum(map(number, found[metric])) == len(measured)


@pytest.mark.parametrize("name", ENGINES)
def test_values_that_are_redacted_alike_are_added_up(name: str) -> None:
    engine = engine_of(name)
    meter = engine.meter_provider.get_meter("tested")
    counter, histogram, gauge = (
        meter.create_counter("c"),
        meter.create_histogram("h"),
        meter.create_gauge("g"),
    )
    bound = bind(counter, {"hidden": "ADA", "side": "buy"})
    bound.add(2)
    for asset, amount in (("BTC", 5), ("ETH", 7), ("SOL", 11)):
        for record in (counter.add, histogram.record, gauge.set):
            record(amount, {"hidden": asset, "side": "buy"})
            record(amount, {"asset": asset})
    found = points(engine)
    engine.shutdown()
    for metric, total in (("c", 25.0), ("h", 23.0), ("g", 11.0)):
        by_key: dict[str, list[float]] = {"hidden": [], "asset": []}
        for point in found[metric]:
            attributes = attributes_of(point.attributes)
            by_key["hidden" if "hidden" in attributes else "asset"].append(number(point))
        assert by_key["hidden"] == [total]
        assert sorted(by_key["asset"]) == [5.0, 7.0, 11.0]


class _Counted(str):
    """A string that counts how often it is hashed or compared."""

    calls = 0

    def __hash__(self) -> int:
        type(self).calls += 1
        return 1

    def __eq__(self, other: object) -> bool:
        type(self).calls += 1
        return True


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_of_the_services_is_hashed_or_compared(name: str) -> None:
    engine = engine_of(name)
    counter = engine.meter_provider.get_meter("m").create_counter("c")
    # The text of a single name is looked up first.
    counter.add(1, {"k": "text"})
    shared: Any = ()
    for _ in range(40):
        shared = (shared, shared)
    # Hashing it would take 2^40 steps.
    counter.add(1, {"k": shared})
    for value in (_Counted("a"), _Counted("b")):
        for _ in range(2):
            counter.add(1, {"k": value})
    assert _Counted.calls == 0
    found = {str(attributes_of(point.attributes)["k"]): number(point) for point in points(engine)["c"]}
    assert sorted(found.values()) == [1, 1, 2, 2]
    assert found["('string_value', 'a')"] == found["('string_value', 'b')"] == 2


@pytest.mark.parametrize("name", ENGINES)
def test_equal_and_not_the_same(name: str) -> None:
    engine = engine_of(name)
    counter = engine.meter_provider.get_meter("m").create_counter("c")
    state = ["open"]
    counter.add(1, {"state": state})
    state[0] = "closed"
    counter.add(2, {"state": state})
    for value in ((1, 1), (1, True), (1.0, 1)):
        counter.add(4, {"tuple": value})
    assert sorted(number(point) for point in points(engine)["c"]) == [1, 2, 4, 4, 4]


class _Name(str):
    """A name that must not be hashed or compared once it is in a dict."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError


@pytest.mark.parametrize("name", ENGINES)
def test_series_are_found_whatever_was_measured_before(name: str) -> None:
    engine = engine_of(name)
    counter = engine.meter_provider.get_meter("m").create_counter("c")
    given: list[dict[Any, Any]] = [
        {"a": "1", "b": "2"},
        {"b": "2", "a": "1"},
        {"a": "1", "c": "2"},
        {"a": "2", "b": "1"},
        {"a": "1"},
        {"a": "12"},
        {"a": ("1", "2")},
        {"b": "1"},
        {"a": "1", "b": 2},
        {"a": "1", "b": "2", "c": "3"},
        {"a": "x" * 2000, "b": "2"},
        {_Name("d"): "1"},
    ]
    for _ in range(3):
        for attributes in given:
            counter.add(1, attributes)
    found = [number(point) for point in points(engine)["c"]]
    assert sorted(found) == [3.0] * (len(given) - 2) + [6.0]
