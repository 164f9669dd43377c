"""Names of attributes and metrics that Prometheus would refuse, on both engines: escaped or refused one by one."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.engine.cardinality import label_name

from .conftest import Recording

_ENGINES = ("fast", "stock")


def _reversed(name: str) -> str:
    """The attribute of a label, by the rules of https://prometheus.io/docs/instrumenting/escaping_schemes/."""
    if not name.startswith("U__"):
        return name.removeprefix("exported.")
    return re.sub(
        r"_([0-9a-f]*)_", lambda one: chr(int(one[1], 16)) if one[1] else "_", name.removeprefix("U__")
    )


@given(st.text(min_size=1))
def test_every_name_can_be_told_from_its_label(key: str) -> None:
    assert _reversed(label_name(key)) == key


@given(st.text(min_size=1))
def test_prometheus_takes_every_label(key: str) -> None:
    """It refuses what has no ASCII letter or digit, and spells what is not ASCII as others are spelled."""
    name = label_name(key)
    assert name.isascii()
    assert re.search("[A-Za-z0-9]", name)


@pytest.mark.parametrize(
    "key", ["job", "instance", "service.name", "service_instance_id", "host-name", "__name__"]
)
@pytest.mark.parametrize("engine", _ENGINES)
def test_a_label_that_says_whose_a_series_is_stays_the_resources(
    engine: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As an attribute of a measurement it has another name, and the warning says where it was recorded."""
    recording = Recording(engine)
    counter = recording.meter.create_counter("orders")
    with caplog.at_level(logging.WARNING):
        for value in ("nightly", "hourly", "nightly"):
            counter.add(1, {key: value})
    points = recording.metrics()["orders"]["points"]
    assert sorted((point["attributes"][f"exported.{key}"][1], point["value"][1]) for point in points) == [
        ("hourly", 1), ("nightly", 2)
    ]  # fmt: skip
    [warned] = [record.getMessage() for record in caplog.records]
    assert repr(key) in warned
    assert re.search(rf"\({re.escape(__file__)}:\d+\)$", warned)


@pytest.mark.parametrize("key", ["exchange.name", "le", "a b", "9", "__x", "a_b", "k:v", "x-y/z"])
def test_usual_names_stay(key: str) -> None:
    assert label_name(key) == key


@pytest.mark.parametrize("engine", _ENGINES)
def test_a_label_in_any_script_is_recorded(engine: str, caplog: pytest.LogCaptureFixture) -> None:
    recording = Recording(engine)
    counter = recording.meter.create_counter("orders")
    with caplog.at_level(logging.WARNING):
        for key in ("交易所", "交易所", "!", "__", "交易所.name", "币安所.name", "plain"):
            counter.add(1, {key: "binance"})
    points = recording.metrics()["orders"]["points"]
    labels = sorted(key for point in points for key in point["attributes"])
    assert labels == [
        "U___21_",
        "U___4ea4__6613__6240_",
        "U___4ea4__6613__6240__2e_name",
        "U___5e01__5b89__6240__2e_name",
        "U______",
        "plain",
    ]
    assert sum(point["value"][1] for point in points) == 7
    warned = [record.getMessage() for record in caplog.records]
    assert len(warned) == 5
    assert sum("'交易所'" in message for message in warned) == 1


@pytest.mark.parametrize("engine", _ENGINES)
@pytest.mark.parametrize("name", ["交易所.延迟", "!!!", ".", "_", "", "latency.交易所"])
def test_a_metric_that_no_store_can_name_is_refused_alone(
    engine: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    recording = Recording(engine)
    with caplog.at_level(logging.WARNING):
        recording.meter.create_counter(name).add(1)
    recording.meter.create_counter("neighbour").add(1)
    assert set(recording.metrics()) == {"neighbour"}
    assert any(repr(name) in record.getMessage() or not name for record in caplog.records)


@pytest.mark.parametrize("engine", _ENGINES)
def test_metrics_that_prometheus_spells_alike_are_told_of(
    engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two points of one series and time it keeps one, and says nothing."""
    recording = Recording(engine)
    with caplog.at_level(logging.WARNING):
        for name, unit in (
            (f"{engine}.twin.wait", "s"),
            (f"{engine}.twin.wait", "s"),
            (f"{engine}.twin_wait", "s"),
        ):
            recording.meter.create_histogram(name, unit)
        recording.meter.create_counter(f"{engine}.twin.wait", "{wait}")
        recording.meter.create_gauge(f"{engine}.twin.wait.seconds")
    first, second = (
        record.getMessage() for record in caplog.records if "one metric to Prometheus" in record.getMessage()
    )
    assert f"{engine}.twin.wait and {engine}.twin_wait are" in first
    assert f"{engine}.twin.wait and {engine}.twin.wait.seconds are" in second
    assert __file__ in first
