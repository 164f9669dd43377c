"""One service sends what a backend would refuse, or series without end, while others send as ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from ssl import create_default_context
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from testbed.stack import LiveStack
from tests.support.faults import FaultTable, load
from tests.support.waiting import eventually

_DELTA, _CUMULATIVE = 1, 2
_HOUR = 3600 * 10**9
_EXPIRED = "otelcol_connector_servicegraph_expired_edges_total"
#: Takes the place of text that Python's protobuf would not let pass.
_PLACEHOLDER, _INVALID = b"PLACEHOLDER", b"bad\xff\xfebadbad"


def _sum(metric: Any, value: float, temporality: int) -> None:
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = temporality
    metric.sum.data_points.add(as_double=value, time_unix_nano=time.time_ns())


def _gauge(metric: Any, ahead: int = 0, text: str = "", label: str = "text") -> None:
    point = metric.gauge.data_points.add(as_double=1, time_unix_nano=time.time_ns() + ahead)
    point.attributes.add(key=label).value.string_value = text


_POISONS: dict[str, Callable[[Any], None]] = {
    "delta": lambda metric: _sum(metric, 5, _DELTA),
    "no temporality": lambda metric: _sum(metric, 5, 0),
    "NaN in a counter": lambda metric: _sum(metric, float("nan"), _CUMULATIVE),
    "11 minutes ahead": lambda metric: _gauge(metric, ahead=_HOUR // 60 * 11),
    "25 hours old": lambda metric: _gauge(metric, ahead=-25 * _HOUR),
    "no type": lambda _: None,
    "200 kB of text": lambda metric: _gauge(metric, text="long text " * 20_000),
    "no UTF-8": lambda metric: _gauge(metric, text=_PLACEHOLDER.decode()),
    "a label without name": lambda metric: _gauge(metric, label=""),
}


@pytest.mark.parametrize("poison", _POISONS)
def test_while_others_send(live: LiveStack, faults: FaultTable, poison: str) -> None:
    # The poison travels under the name of the others' service, so that it shares their batches.
    with load(live, f"poison-{poison}", spans=0) as running:
        for _ in range(10):
            _send_points(
                live,
                f"poison-{poison}-points-0",
                lambda scope: _POISONS[poison](scope.metrics.add(name="poison")),
            )
            running.flows(2)
    delivery = running.settle()
    faults.add(f"poison: {poison}", delivery)
    assert delivery.missing == 0, delivery


def test_cardinality_bomb(live: LiveStack, faults: FaultTable) -> None:
    with load(live, "bomb-others") as running:
        for round_ in range(5):
            _send_spans(live, "bomb", [f"order {round_}-{number}" for number in range(1_000)])
            _send_points(live, "bomb", lambda scope, r=round_: _many(scope, r))  # type: ignore[misc]
            running.flows(2)
    delivery = running.settle()
    faults.add("cardinality bomb of another service", delivery)
    assert delivery.missing == 0, delivery
    # Its spans are measured in as many series as one service may have, and the rest in one.
    overflow = 'traces_span_metrics_calls_total{service_name="bomb", otel_metric_overflow="true"}'
    assert eventually(lambda: live.query(overflow), within=60)
    assert live.value('count(traces_span_metrics_calls_total{service_name="bomb"})') == pytest.approx(
        2_000, abs=2
    )


def test_edges_that_are_too_many_are_counted(live: LiveStack) -> None:
    """More calls at once of one service than half of the half of `BOTOBS_COLLECTOR_EDGES`; each waits ten seconds."""
    before = live.value(_EXPIRED) or 0
    for _ in range(5):
        _send_spans(live, "edges", ["call"] * 6_000)
    assert eventually(lambda: (live.value("botobs_intake_unlinked_spans_total") or 0) >= 15_000)
    assert eventually(lambda: (live.value(_EXPIRED) or 0) >= before + 15_000)
    assert not live.value("otelcol_connector_servicegraph_dropped_spans_total")


def test_what_prometheus_refuses_is_told_by_service(live: LiveStack) -> None:
    """A histogram that counts less than it holds, past the guards, as what no guard knows yet would come."""
    service = "poison-refused"
    with load(live, "beside-the-refused", spans=0) as running:
        for number in range(1, 16):
            send = _send_past_the_guards if number == 8 else _send_points
            send(live, service, partial(_export, number=number, wrong=number == 8))
            running.flows(2)
        alert = f'ALERTS{{alertname="ExportsMissing", service_name="{service}", error_type!=""}}'
        reported = eventually(lambda: live.query(alert), within=300)
    assert [row["metric"]["exporter"] for row in reported] == ["otlp_http/prometheus"]
    # Of nobody else: what came beside it is there.
    assert not live.query(f'ALERTS{{alertname="ExportsMissing", service_name!="{service}"}}')
    assert running.settle().missing == 0


def _export(scope: Any, number: int, wrong: bool) -> None:
    """An export with its number, as the SDK sends it."""
    _sum(scope.metrics.add(name="botobs.sdk.metric.exports", unit="{export}"), number, _CUMULATIVE)
    if wrong:
        histogram = scope.metrics.add(name="refused").exponential_histogram
        histogram.aggregation_temporality = _CUMULATIVE
        point = histogram.data_points.add(time_unix_nano=time.time_ns(), count=1, sum=1, scale=2)
        point.positive.bucket_counts.append(5)


def _many(scope: Any, round_: int) -> None:
    points = scope.metrics.add(name="orders").gauge.data_points
    for number in range(2_000):
        point = points.add(as_double=1, time_unix_nano=time.time_ns())
        point.attributes.add(key="order").value.string_value = f"{round_}-{number}"


def _send_points(live: LiveStack, service: str, fill: Callable[[Any], None]) -> None:
    live.export("/v1/metrics", _points(service, fill).replace(_PLACEHOLDER, _INVALID))


def _send_past_the_guards(live: LiveStack, service: str, fill: Callable[[Any], None]) -> None:
    """To the receiver for what the intake has looked at, with the intake's certificate."""
    secrets, port = live.home.secrets, live.stack.values["BOTOBS_COLLECTOR_BEHIND_GUARDS_PORT"]
    context = create_default_context(cafile=secrets / "ca.pem")
    context.load_cert_chain(secrets / "intake.pem", secrets / "intake.key")
    headers = {"Content-Type": "application/x-protobuf"}
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context, timeout=60) as http:
        http.post("/v1/metrics", content=_points(service, fill), headers=headers).raise_for_status()


def _points(service: str, fill: Callable[[Any], None]) -> bytes:
    request = ExportMetricsServiceRequest()
    one = request.resource_metrics.add()
    _identify(one, service)
    fill(one.scope_metrics.add())
    body: bytes = request.SerializeToString()
    return body


def test_instances_without_end_take_no_counter_from_others(live: LiveStack) -> None:
    """A process of its own for each task, more than the collector remembers; what was counted before goes on.

    The last test of these: for an hour its series come with every flush.
    """
    calls = 'sum(traces_span_metrics_calls_total{service_name="beside-instances"})'
    _send_spans(live, "beside-instances", ["call"] * 5)
    assert eventually(lambda: live.value(calls) == 5)
    for first in range(1, 6_001, 1_500):
        _send_tasks(live, range(first, first + 1_500))
    counted = 'traces_span_metrics_calls_total{service_name="instances"}'
    # A quarter of BOTOBS_SPAN_METRICS_INSTANCES, and the rest as one.
    assert eventually(lambda: live.value(f"count({counted})") == 1_251, within=300)
    assert eventually(lambda: live.value(counted.replace("}", ', service_instance_id="others"}')) == 4_750)
    _send_spans(live, "beside-instances", ["call"] * 7)
    assert eventually(lambda: live.value(calls) == 12)


def _send_tasks(live: LiveStack, numbers: range) -> None:
    request = ExportTraceServiceRequest()
    now = time.time_ns()
    for number in numbers:
        one = request.resource_spans.add()
        for key, value in (("service.name", "instances"), ("service.instance.id", f"task-{number}")):
            one.resource.attributes.add(key=key).value.string_value = value
        span = one.scope_spans.add().spans.add(name="task", trace_id=now.to_bytes(16, "big"))
        span.span_id = number.to_bytes(8, "big")
        span.start_time_unix_nano, span.end_time_unix_nano = now - 10**6, now
    live.export("/v1/traces", request.SerializeToString())


def _send_spans(live: LiveStack, service: str, names: list[str]) -> None:
    request = ExportTraceServiceRequest()
    one = request.resource_spans.add()
    _identify(one, service)
    spans = one.scope_spans.add().spans
    now = time.time_ns()
    for number, name in enumerate(names, 1):
        spans.add(
            trace_id=now.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            name=name,
            kind=3,
            start_time_unix_nano=now - 10**6,
            end_time_unix_nano=now,
        )
    live.export("/v1/traces", request.SerializeToString())


def _identify(one: Any, service: str) -> None:
    for key, value in (("service.name", service), ("service.instance.id", f"{service}-poison")):
        one.resource.attributes.add(key=key).value.string_value = value
