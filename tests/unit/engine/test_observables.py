"""An observable instrument that is created again asks all who observe it, on both engines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from botobs._sdk.engine import Engine, Limits, create_engine
from botobs._sdk.providers import SwitchMeterProvider
from botobs._sdk.redaction import Redactor

from .conftest import Recording, comparable_metrics


class Desk:
    """Something of a service that is observed by a method."""

    def __init__(self, name: str) -> None:
        self._name = name

    def open(self, _: CallbackOptions) -> Iterable[Observation]:
        """How many are open."""
        return [Observation(1, {"desk": self._name})]

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("compared")

    __hash__ = None  # type: ignore[assignment]


def desks(points: list[dict[str, Any]]) -> list[str]:
    return sorted(point["attributes"]["desk"][1] for point in points)


@pytest.fixture(params=["stock", "fast"])
def name(request: pytest.FixtureRequest) -> str:
    """An engine."""
    return str(request.param)


def engine_of(name: str) -> Engine:
    return create_engine(name, Resource({}), ALWAYS_ON, lambda _: None, Redactor(), Limits())


def collected(engine: Engine) -> dict[str, Any]:
    return comparable_metrics(ExportMetricsServiceRequest.FromString(engine.collect_metrics() or b""))


def test_created_twice(recording: Recording) -> None:
    first, second = Desk("first"), Desk("second")
    for desk in (first, second, first):
        recording.meter.create_observable_gauge("open", [desk.open])
    assert desks(recording.metrics()["open"]["points"]) == ["first", "second"]


def test_over_two_engines(name: str) -> None:
    provider = SwitchMeterProvider()
    meter = provider.get_meter("tested")
    first, second = Desk("first"), Desk("second")
    for desk in (first, second):
        engine = engine_of(name)
        provider.switch(engine.meter_provider)
        meter.create_observable_up_down_counter("open", [desk.open])
        meter.create_observable_up_down_counter("open", [desk.open])
        seen = collected(engine)
        engine.shutdown()
    assert desks(seen["open"]["points"]) == ["first", "second"]
    assert [point["value"][1] for point in seen["open"]["points"]] == [1, 1]
