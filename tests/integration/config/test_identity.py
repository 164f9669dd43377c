"""Senders that do not say who they are, or say the same, are told apart, counted and told of."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from testbed.stack import LiveStack
from tests.support.waiting import eventually

_SECOND = 10**9
#: Between two exports of a worker, their number, and how much a worker counts between two of them.
_PACE, _EXPORTS = 15, 40
_STEPS = (30, 3)


@pytest.mark.parametrize(
    ("name", "resource", "instances", "unidentified"),
    [
        pytest.param("nothing", {}, ["started-{start}"] * 2, True, id="nothing"),
        pytest.param("empty", {"service.instance.id": ""}, ["started-{start}"] * 2, True, id="empty"),
        pytest.param("host", {"host.name": "vm"}, ["vm/started-{start}"] * 2, False, id="host"),
        pytest.param(
            "process", {"host.name": "vm", "process.pid": "{pid}"}, ["vm/{pid}"] * 2, False, id="process"
        ),
        pytest.param(
            "pod",
            {"host.name": "node", "k8s.pod.name": "pod-0", "process.pid": "{pid}"},
            ["pod-0/{pid}"] * 2,
            False,
            id="pod",
        ),
    ],
)
def test_two_workers_without_an_id_are_told_apart(
    live: LiveStack, name: str, resource: Mapping[str, str], instances: list[str], unidentified: bool
) -> None:
    service = f"identity-{name}"
    starts = _two_workers(live, service, resource)
    reported = [
        instance.format(pid=pid, start=start)
        for pid, (instance, start) in enumerate(zip(instances, starts, strict=True))
    ]
    series = f'identity_work_total{{service_name="{service}"}}'
    # The last export of the second is the last of all.
    assert eventually(lambda: live.value(f"sum(last_over_time({series}[1h]))") == sum(_STEPS) * _EXPORTS), (
        live.query(series)
    )
    found = live.query(f"last_over_time({series}[1h])")
    assert sorted(row["metric"]["service_instance_id"] for row in found) == sorted(reported)
    rate = live.value(f"sum(rate({series}[5m] offset 1m))")
    assert rate == pytest.approx(sum(_STEPS) / _PACE, rel=0.01)

    counted = f'botobs_collector_unidentified_points_total{{service_name="{service}"}}'
    fires = f'ALERTS{{alertname="SenderUnidentified",alertstate=~"pending|firing",service_name="{service}"}}'
    if unidentified:
        assert eventually(lambda: live.value(f"sum(last_over_time({counted}[1h]))") == 2 * _EXPORTS)
        assert eventually(lambda: live.query(f"last_over_time({fires}[1h])"))
    else:
        assert not live.query(f"last_over_time({counted}[1h])")


def test_what_nothing_is_known_of_is_counted(live: LiveStack) -> None:
    """Gauges without a start: nothing tells their senders apart."""
    request = ExportMetricsServiceRequest()
    sent = request.resource_metrics.add()
    _say(sent.resource, {"service.name": "identity-gauge"})
    point = sent.scope_metrics.add().metrics.add(name="identity.level").gauge.data_points.add(as_double=1)
    point.time_unix_nano = time.time_ns()
    live.export("/v1/metrics", request.SerializeToString())
    counted = 'botobs_collector_unidentified_points_total{service_name="identity-gauge"}'
    assert eventually(lambda: live.value(counted) == 1)
    assert (
        "service_instance_id" not in live.query('identity_level{service_name="identity-gauge"}')[0]["metric"]
    )


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param({}, id="by-start"),
        pytest.param({"host.name": "vm", "process.pid": "{pid}"}, id="by-process"),
    ],
)
def test_an_id_that_two_share_is_told_of(live: LiveStack, resource: Mapping[str, str]) -> None:
    service = f"identity-shared-{len(resource)}"
    _two_workers(live, service, {"service.instance.id": "same", **resource})
    # Another service is no other process of this one.
    now = time.time_ns()
    alone = {now - seconds * _SECOND: 600 - seconds for seconds in range(0, 600, _PACE)}
    _send(live, f"{service}-alone", {"service.instance.id": "same"}, now - 700 * _SECOND, alone)
    fires = f'ALERTS{{alertname="InstanceShared",alertstate="firing",service_name=~"{service}.*"}}'
    assert eventually(lambda: live.query(f"last_over_time({fires}[1h])"))
    [alert] = live.query(f"last_over_time({fires}[1h])")
    assert alert["metric"]["service_name"] == service
    assert alert["metric"]["service_instance_id"] == "same"


def test_spans_name_the_process_that_they_are_of(live: LiveStack) -> None:
    request = ExportTraceServiceRequest()
    sent = request.resource_spans.add()
    _say(sent.resource, {"service.name": "identity-spans", "host.name": "vm", "process.pid": "7"})
    span = sent.scope_spans.add().spans.add(name="work", trace_id=os.urandom(16), span_id=os.urandom(8))
    span.start_time_unix_nano = time.time_ns()
    span.end_time_unix_nano = span.start_time_unix_nano + 1000
    live.export("/v1/traces", request.SerializeToString())
    query = '{resource.service.name="identity-spans" && resource.service.instance.id="vm/7"}'
    assert eventually(lambda: live.search(query))


def _two_workers(live: LiveStack, service: str, resource: Mapping[str, str]) -> list[int]:
    """Two processes that have sent for ten minutes, until now, in turns; the times at which their counters began."""
    begin = time.time_ns() - _EXPORTS * _PACE * _SECOND
    starts = [begin - 60 * _SECOND, begin - 61 * _SECOND]
    for pid, (start, step) in enumerate(zip(starts, _STEPS, strict=True)):
        said = {key: value.format(pid=pid) for key, value in resource.items()}
        exports = {
            begin + (export * _PACE - 2 + pid) * _SECOND: step * export for export in range(1, _EXPORTS + 1)
        }
        _send(live, service, said, start, exports)
    return starts


def _send(
    live: LiveStack, service: str, resource: Mapping[str, str], start: int, exports: Mapping[int, int]
) -> None:
    """What a counter said at some times, as if it had been sent then."""
    request = ExportMetricsServiceRequest()
    for at, value in exports.items():
        sent = request.resource_metrics.add()
        _say(sent.resource, {"service.name": service, **resource})
        counter = sent.scope_metrics.add().metrics.add(name="identity.work").sum
        counter.is_monotonic = True
        counter.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
        counter.data_points.add(as_int=value, start_time_unix_nano=start, time_unix_nano=at)
    live.export("/v1/metrics", request.SerializeToString())


def _say(resource: Resource, attributes: Mapping[str, str]) -> None:
    for key, value in attributes.items():
        said = resource.attributes.add(key=key).value
        if key == "process.pid":
            said.int_value = int(value)
        else:
            said.string_value = value
