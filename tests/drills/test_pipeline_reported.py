"""OTLP in JSON as issue reports of the collector, Prometheus and Tempo show it: what is answered with 200 is stored.

Each request holds something odd and something good. It may be refused, and its sender is told; after a 200 the good one
is there, and others lose nothing either way. Reports: opentelemetry-collector 3978 (old and empty metrics) and
-contrib 34782 (ids in base64), prometheus 16063 (older points), datafusion 1360 (the year 9999).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from ssl import create_default_context
from typing import Any

import httpx
import pytest

from botobs._ops.access.secrets import read_secret
from testbed.stack import LiveStack
from tests.support.faults import FaultTable, load
from tests.support.waiting import eventually

_YEAR_2100, _LATEST = "4102444800000000000", "18446744073709551615"
Odd = dict[str, Any]


def _span(**changed: Any) -> Odd:
    now = time.time_ns()
    span: Odd = {
        "traceId": os.urandom(16).hex(), "spanId": os.urandom(8).hex(), "name": "odd", "kind": 2,
        "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now),
    }  # fmt: skip
    return span | changed


def _valued(value: Any) -> Odd:
    return _span(attributes=[{"key": "odd", "value": value}])


def _deep(depth: int) -> Odd:
    value: Odd = {"stringValue": "at last"}
    for _ in range(depth):
        value = {"kvlistValue": {"values": [{"key": "deeper", "value": value}]}}
    return value


SPANS: dict[str, Callable[[], Any]] = {
    "no span": lambda: None,
    "ids in base64": lambda: _span(traceId="inmyB8/qrDAAP6cV5ZFR9A==", spanId="FcpNz02EdAs="),
    "ids in capitals": lambda: _span(traceId=os.urandom(16).hex().upper()),
    "an id of zeros": lambda: _span(traceId="0" * 32),
    "an id cut": lambda: _span(spanId="ab"),
    "a kind by name": lambda: _span(kind="SPAN_KIND_SERVER"),
    "a kind that is none": lambda: _span(kind=77),
    "a status by name": lambda: _span(status={"code": "STATUS_CODE_ERROR"}),
    "times as numbers": lambda: _span(startTimeUnixNano=time.time_ns() - 1, endTimeUnixNano=time.time_ns()),
    "times as floats": lambda: _span(startTimeUnixNano=1.7e18, endTimeUnixNano=1.7e18),
    "the year 2100": lambda: _span(startTimeUnixNano=_YEAR_2100, endTimeUnixNano=_YEAR_2100),
    "the last moment": lambda: _span(startTimeUnixNano="1", endTimeUnixNano=_LATEST),
    "an end before its beginning": lambda: _span(endTimeUnixNano="1"),
    "no times": lambda: _span(startTimeUnixNano=None, endTimeUnixNano=None),
    "attributes that are none": lambda: _span(attributes=None),
    "an attribute that is none": lambda: _span(attributes=[None]),
    "a value that is none": lambda: _valued(None),
    "an empty value": lambda: _valued({}),
    "two values": lambda: _valued({"stringValue": "one", "intValue": "2"}),
    "a number that is none": lambda: _valued({"intValue": "abc"}),
    "a number too large": lambda: _valued({"intValue": "9223372036854775808"}),
    "a number beyond all": lambda: _valued({"doubleValue": "Infinity"}),
    "bytes that are none": lambda: _valued({"bytesValue": "%%%"}),
    "a list of all kinds": lambda: _valued({"arrayValue": {"values": [None, {}, {"intValue": 1}]}}),
    "values 40 deep": lambda: _valued(_deep(40)),
    "values 150 deep": lambda: _valued(_deep(150)),
    "a key twice": lambda: _span(attributes=[{"key": "odd", "value": {"intValue": n}} for n in (1, 2)]),
    "a key that is none": lambda: _span(attributes=[{"value": {"stringValue": "x"}}]),
    "fields of tomorrow": lambda: _span(colour="blue", shape={"sides": [1, 2]}),
    "events that are none": lambda: _span(events=[None, {"timeUnixNano": _LATEST}]),
    "links to nowhere": lambda: _span(links=[{"traceId": "zz"}, None]),
    "a name that is none": lambda: _span(name=None),
}


def _point(**changed: Any) -> Odd:
    return {"asDouble": 1, "timeUnixNano": str(time.time_ns())} | changed


def _gauge(**changed: Any) -> Odd:
    return {"name": "odd", "gauge": {"dataPoints": [_point(**changed)]}}


def _sum(**changed: Any) -> Odd:
    return {
        "name": "odd",
        "sum": {"dataPoints": [_point()], "aggregationTemporality": 2, "isMonotonic": True} | changed,
    }


def _histogram(**changed: Any) -> Odd:
    point = {
        "count": "2",
        "sum": 3,
        "bucketCounts": ["1", "1"],
        "explicitBounds": [1],
        "timeUnixNano": str(time.time_ns()),
    }
    return {"name": "odd", "histogram": {"aggregationTemporality": 2, "dataPoints": [point | changed]}}


def _exponential(**changed: Any) -> Odd:
    point = {"count": "1", "sum": 1, "timeUnixNano": str(time.time_ns()), "positive": {"bucketCounts": ["1"]}}
    return {
        "name": "odd",
        "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [point | changed]},
    }


def _summary(*values: Odd) -> Odd:
    point = {"count": "1", "sum": 1, "timeUnixNano": str(time.time_ns()), "quantileValues": list(values)}
    return {"name": "odd", "summary": {"dataPoints": [point]}}


METRICS: dict[str, Callable[[], Any]] = {
    "no metric": lambda: None,
    "no data": lambda: {"name": "odd"},
    "data of once": lambda: {"name": "odd", "doubleGauge": {"dataPoints": [_point()]}},
    "a gauge that is none": lambda: {"name": "odd", "gauge": None},
    "a point that is none": lambda: {"name": "odd", "gauge": {"dataPoints": [None]}},
    "a point without a value": lambda: _gauge(asDouble=None),
    "an integer as a text": lambda: _gauge(asDouble=None, asInt="7"),
    "an integer as a float": lambda: _gauge(asDouble=None, asInt=7.5),
    "an integer too large": lambda: _gauge(asDouble=None, asInt="9223372036854775808"),
    "NaN as a text": lambda: _gauge(asDouble="NaN"),
    "the year 2100": lambda: _gauge(timeUnixNano=_YEAR_2100),
    "the last moment": lambda: _gauge(timeUnixNano=_LATEST),
    "no time": lambda: _gauge(timeUnixNano="0"),
    "an older point": lambda: _gauge(timeUnixNano=str(time.time_ns() - 120 * 10**9)),
    "a temporality by name": lambda: _sum(aggregationTemporality="AGGREGATION_TEMPORALITY_CUMULATIVE"),
    "a temporality that is none": lambda: _sum(aggregationTemporality=9),
    "bounds out of order": lambda: _histogram(explicitBounds=[5, 1], bucketCounts=["1", "1", "0"]),
    "too few buckets": lambda: _histogram(explicitBounds=[1, 2, 3]),
    "bounds that are none": lambda: _histogram(explicitBounds=None),
    "a bound beyond all": lambda: _histogram(explicitBounds=["Infinity"]),
    "a bound twice": lambda: _histogram(explicitBounds=[1, 1], bucketCounts=["1", "1", "0"]),
    "exemplars of nowhere": lambda: _gauge(exemplars=[None, {"traceId": "zz", "asDouble": 1}]),
    "a scale of 1,000": lambda: _exponential(scale=1000),
    "a quantile that is none": lambda: _summary({"quantile": "NaN", "value": "NaN"}),
    "a name of blanks": lambda: {"name": "   ", "gauge": {"dataPoints": [_point()]}},
    "a unit of 100 kB": lambda: _gauge() | {"unit": "u" * 100_000},
}  # fmt: skip


@pytest.mark.parametrize("signal", ["traces", "metrics"])
def test_what_is_answered_with_200_is_stored(live: LiveStack, faults: FaultTable, signal: str) -> None:
    poisons = SPANS if signal == "traces" else METRICS
    taken: dict[str, str] = {}
    refused: dict[str, int] = {}
    with load(live, f"beside-reported-{signal}") as running:
        for number, (name, make) in enumerate(poisons.items()):
            service = f"reported-{signal}-{number}"
            mark, status = (_send_span if signal == "traces" else _send_metric)(live, service, make())
            assert status in (200, 400), (name, status)
            if status == 200:
                taken[name] = mark
            else:
                refused[name] = status
        running.flows(5)

        def stored() -> bool:
            lacking = [name for name, mark in taken.items() if not _is_stored(live, signal, mark)]
            assert not lacking, lacking
            return True

        assert eventually(stored, within=90)
    print(signal, "refused:", sorted(refused))
    delivery = running.settle()
    faults.add(
        f"{len(poisons)} odd requests of issue reports ({signal})",
        delivery,
        f"{len(refused)} refused and told",
    )
    assert delivery.missing == 0, delivery


def _send_span(live: LiveStack, service: str, odd: Any) -> tuple[str, int]:
    good = _span(name="good")
    body = {"resourceSpans": [{"resource": _resource(service), "scopeSpans": [{"spans": [odd, good]}]}]}
    return good["traceId"], _post(live, "/v1/traces", body)


def _send_metric(live: LiveStack, service: str, odd: Any) -> tuple[str, int]:
    good = {"name": "good", "gauge": {"dataPoints": [_point()]}}
    body = {"resourceMetrics": [{"resource": _resource(service), "scopeMetrics": [{"metrics": [odd, good]}]}]}
    return service, _post(live, "/v1/metrics", body)


def _is_stored(live: LiveStack, signal: str, mark: str) -> bool:
    if signal == "metrics":
        return bool(live.query(f'last_over_time(good{{service_name="{mark}"}}[10m])'))
    with live.client("tempo") as http:
        return http.get(f"/api/traces/{mark}").status_code == 200


def _resource(service: str) -> Odd:
    identity = {"service.name": service, "service.instance.id": f"{service}-0"}
    return {"attributes": [{"key": key, "value": {"stringValue": text}} for key, text in identity.items()]}


def _post(live: LiveStack, path: str, body: Odd) -> int:
    headers = {
        "authorization": f"Bearer {read_secret(live.home.secrets / 'service.token')}",
        "content-type": "application/json",
    }
    context = create_default_context(cafile=live.home.secrets / "ca.pem")
    with httpx.Client(base_url=live.stack.addresses["collector"], verify=context, trust_env=False) as http:
        return http.post(path, content=json.dumps(body).encode(), headers=headers, timeout=120).status_code
