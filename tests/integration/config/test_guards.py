"""What a backend would refuse together with its whole batch is mended or taken out, and its neighbours arrive."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from functools import partial

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Metric,
    NumberDataPoint,
    ScopeMetrics,
)

from testbed.stack import LiveStack
from tests.support.waiting import eventually

_MINUTE = 60 * 10**9
_HOUR = 60 * _MINUTE
#: Takes the place of text that Python's protobuf would not let pass.
_PLACEHOLDER = "PLACEHOLDER"
_INVALID = b"bad\xff\xfebadbad"
#: Another one, of which other bytes are no UTF-8.
_OTHER_PLACEHOLDER = "PLACEH0LDER"
_OTHER_INVALID = b"bad\xfe\xc0badbad"


def _gauge(scope: ScopeMetrics, name: str, at: int | None = None) -> NumberDataPoint:
    point: NumberDataPoint = scope.metrics.add(name=name).gauge.data_points.add(as_double=1)
    point.time_unix_nano = time.time_ns() if at is None else at
    return point


def _sum(scope: ScopeMetrics, value: float, temporality: AggregationTemporality.ValueType) -> None:
    metric: Metric = scope.metrics.add(name="poison")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = temporality
    metric.sum.data_points.add(as_double=value, time_unix_nano=time.time_ns())


def _histogram(scope: ScopeMetrics) -> None:
    histogram = scope.metrics.add(name="poison").histogram
    histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    histogram.data_points.add(
        time_unix_nano=time.time_ns(), count=1, sum=float("nan"), bucket_counts=[1, 0], explicit_bounds=[1.0]
    )


def _exponential_histogram(scope: ScopeMetrics) -> None:
    histogram = scope.metrics.add(name="poison").exponential_histogram
    histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    point = histogram.data_points.add(time_unix_nano=time.time_ns(), count=1, sum=1, scale=-9)
    point.positive.bucket_counts.append(1)


def _contradiction(scope: ScopeMetrics) -> None:
    histogram = scope.metrics.add(name="poison").exponential_histogram
    histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    point = histogram.data_points.add(time_unix_nano=time.time_ns(), count=1, sum=1, scale=2)
    point.positive.bucket_counts.append(5)


def _negative(scope: ScopeMetrics) -> None:
    """More than 63 bits hold: such buckets add up to nothing."""
    _contradiction(scope)
    point = scope.metrics[0].exponential_histogram.data_points[0]
    point.count = 0
    point.positive.bucket_counts[:] = [2**63, 2**63]


def _far(scope: ScopeMetrics) -> None:
    """A bucket's number that is none any more when buckets are added to it."""
    _contradiction(scope)
    point = scope.metrics[0].exponential_histogram.data_points[0]
    point.count, point.positive.offset = 5, 2**31 - 1


def _sound(scope: ScopeMetrics) -> None:
    _contradiction(scope)
    scope.metrics[0].name = "sound"
    point = scope.metrics[0].exponential_histogram.data_points[0]
    point.count, point.zero_count = 10, 2
    point.negative.bucket_counts.extend([1, 2])


def _attribute(scope: ScopeMetrics, value: str, key: str = "text") -> None:
    _gauge(scope, "poison").attributes.add(key=key).value.string_value = value


def _exemplar(scope: ScopeMetrics) -> None:
    _sum(scope, 5, AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE)
    scope.metrics[0].sum.data_points[0].exemplars.add(time_unix_nano=time.time_ns())


_POISONS: dict[str, Callable[[ScopeMetrics], object]] = {
    "delta": lambda scope: _sum(scope, 5, AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA),
    "no-temporality": lambda scope: _sum(
        scope, 5, AggregationTemporality.AGGREGATION_TEMPORALITY_UNSPECIFIED
    ),
    "nan-counter": lambda scope: _sum(
        scope, float("nan"), AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    ),
    "nan-histogram": _histogram,
    "coarse-histogram": _exponential_histogram,
    "contradictory-histogram": _contradiction,
    "exemplar-without-value": _exemplar,
    "future": lambda scope: _gauge(scope, "poison", time.time_ns() + 11 * _MINUTE),
    "past": lambda scope: _gauge(scope, "poison", time.time_ns() - 25 * _HOUR),
    "no-time": lambda scope: _gauge(scope, "poison", 0),
    "no-name": lambda scope: _gauge(scope, ""),
    "no-type": lambda scope: scope.metrics.add(name="poison"),
    "oversized": lambda scope: _attribute(scope, "long text " * 20_000),
    "no-label-name": lambda scope: _attribute(scope, "text", key=""),
    "no-utf8": lambda scope: _attribute(scope, _PLACEHOLDER),
    "no-letter-in-name": lambda scope: _gauge(scope, "交易所.延迟"),
    "underscore-name": lambda scope: _gauge(scope, "_"),
    "label-in-chinese": lambda scope: _attribute(scope, "binance", key="交易所"),
    "label-of-underscores": lambda scope: _attribute(scope, "x", key="__"),
    "label-of-no-utf8": lambda scope: _attribute(scope, "x", key=_PLACEHOLDER),
}


def _send(
    live: LiveStack, service: str, poison: Callable[[ScopeMetrics], object], as_json: bool = False
) -> None:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    # A target_info is made only of what says more than who it is.
    for key, value in (("service.name", service), ("service.instance.id", "1"), ("os.type", "linux")):
        resource.resource.attributes.add(key=key).value.string_value = value
    scope = resource.scope_metrics.add()
    poison(scope)
    _gauge(scope, "guards.neighbour")
    if as_json:
        text = json_format.MessageToJson(request, use_integers_for_enums=True)
        live.export("/v1/metrics", text.encode(), "application/json")
    else:
        body = request.SerializeToString().replace(_PLACEHOLDER.encode(), _INVALID)
        live.export("/v1/metrics", body)


@pytest.mark.parametrize("poison", _POISONS)
def test_the_neighbours_of_a_poison_arrive(live: LiveStack, poison: str) -> None:
    service = f"guards-{poison}"
    _send(live, service, _POISONS[poison])
    assert eventually(lambda: live.query(f'guards_neighbour{{service_name="{service}"}}'))


@pytest.mark.parametrize(
    ("poison", "guard"),
    [
        ("future", "too_new"),
        ("past", "too_old"),
        ("no-time", "too_old"),
        ("nan-counter", "not_a_number"),
        ("nan-histogram", "not_a_number"),
        ("no-name", "malformed"),
        ("no-letter-in-name", "malformed"),
        ("no-temporality", "malformed"),
    ],
)
def test_what_is_taken_out_is_counted_by_service(live: LiveStack, poison: str, guard: str) -> None:
    """Twice, because a sum that is reported twice within a millisecond would be refused with its neighbours."""
    service = f"guards-counted-{poison}"
    for _ in range(2):
        _send(live, service, _POISONS[poison])
    query = f'botobs_collector_refused_points_total{{service_name="{service}"}}'
    counted = eventually(lambda: [row for row in live.query(query) if row["value"][1] == "2"])
    assert [row["metric"]["botobs_guard"] for row in counted] == [guard]


def test_an_exponential_histogram_that_contradicts_itself_is_taken_out_of_json(live: LiveStack) -> None:
    """The intake looks into protobuf alone, and Kubernetes has none: the collector adds the buckets up."""
    service = "guards-json"
    for poison in (_contradiction, _negative, _far, _sound):
        _send(live, service, poison, as_json=True)
    query = f'botobs_collector_refused_points_total{{service_name="{service}"}}'
    counted = eventually(lambda: [row for row in live.query(query) if row["value"][1] == "3"])
    assert [row["metric"]["botobs_guard"] for row in counted] == ["contradictory"]
    # What is refused is counted on a way of its own: the neighbours may arrive a little later.
    neighbours = f'count_over_time(guards_neighbour{{service_name="{service}"}}[1h])'
    assert eventually(lambda: live.value(neighbours) == 4)
    assert eventually(lambda: live.value(f'histogram_count(sound{{service_name="{service}"}})') == 10)


def test_a_label_in_any_script_is_kept_under_a_name_of_its_own(live: LiveStack) -> None:
    service = "guards-respelled"
    _send(live, service, _POISONS["label-in-chinese"])
    stored = eventually(lambda: live.query(f'poison{{service_name="{service}"}}'))
    name = "unnamed_" + hashlib.md5("交易所".encode(), usedforsecurity=False).hexdigest()
    assert [row["metric"].get(name) for row in stored] == ["binance"]
    assert eventually(
        lambda: live.value(f'botobs_collector_respelled_points_total{{service_name="{service}"}}') == 1
    )
    assert eventually(lambda: live.value(f'count(target_info{{job="{service}"}})') == 1)


@pytest.mark.parametrize("key", ["service.name", "service_instance_id", "job", "host-name"])
def test_a_point_speaks_for_nobody_but_its_resource(live: LiveStack, key: str) -> None:
    """Labels that say whose a series is are the resource's; points that differ by such an attribute alone stay two."""
    service, stem = f"guards-own-{len(key)}", key.replace(".", "_").replace("-", "_")

    def points(scope: ScopeMetrics) -> None:
        metric = scope.metrics.add(name="owned").gauge
        for value in ("trading-engine", "other"):
            point = metric.data_points.add(as_double=1, time_unix_nano=time.time_ns())
            point.attributes.add(key=key).value.string_value = value

    _send(live, service, points)
    stored = eventually(lambda: live.query(f'owned{{job="{service}"}}'))
    assert {row["metric"]["service_name"] for row in stored} == {service}
    assert {row["metric"].get(f"exported_{stem}") for row in stored} == {"trading-engine", "other"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("команда", "торги"), ("", "x"), ("service.version", _PLACEHOLDER), (_PLACEHOLDER, "x")],
)
def test_a_resource_that_prometheus_cannot_spell_leaves_the_span_metrics_of_others(
    live: LiveStack, key: str, value: str
) -> None:
    """What a connector makes of all services' spans is one request."""
    sender, neighbour = f"guards-resource-{len(key)}-{len(value)}", f"guards-beside-{len(key)}-{len(value)}"
    _send_span(live, sender, {key: value}, os.urandom(16), os.urandom(8))
    for sent in range(1, 4):
        _send_span(live, neighbour, {}, os.urandom(16), os.urandom(8))
        calls = f'sum(traces_span_metrics_calls_total{{service_name="{neighbour}"}}) == {sent}'
        assert eventually(partial(live.query, calls))
    assert eventually(lambda: live.query(f'traces_span_metrics_calls_total{{service_name="{sender}"}}'))


#: Two spellings of one label each, as attributes of a resource and of a span.
_SPELLINGS: dict[str, tuple[str, str | int | bytes, str | None]] = {
    "empty dimension": ("exchange.name", "", None),
    "dimension of no bytes": ("db.system.name", b"", None),
    "bytes in a dimension": ("error.type", _PLACEHOLDER, _OTHER_PLACEHOLDER),
    "empty instance": ("service.instance.id", "", None),
    "instance as a number": ("service.instance.id", 7, "7"),
    "empty namespace": ("service.namespace", "", None),
}


@pytest.mark.parametrize("case", _SPELLINGS)
def test_two_spellings_of_a_series_of_spans_are_one(live: LiveStack, case: str) -> None:
    """Two figures at one time would be refused together with the figures of other services."""
    key, one, other = _SPELLINGS[case]
    service, now = f"guards-spelled-{case}", time.time_ns()
    request = ExportTraceServiceRequest()
    for value in (one, other, other):
        owned = request.resource_spans.add()
        owned.resource.attributes.add(key="service.name").value.string_value = service
        span = owned.scope_spans.add().spans.add(
            name="work", start_time_unix_nano=now, end_time_unix_nano=now + 1000
        )
        span.trace_id, span.span_id = os.urandom(16), os.urandom(8)
        attributes = (owned.resource if key.startswith("service.") else span).attributes
        if isinstance(value, int):
            attributes.add(key=key).value.int_value = value
        elif isinstance(value, bytes):
            attributes.add(key=key).value.bytes_value = value
        elif value is not None:
            attributes.add(key=key).value.string_value = value
    body = request.SerializeToString().replace(_PLACEHOLDER.encode(), _INVALID)
    live.export("/v1/traces", body.replace(_OTHER_PLACEHOLDER.encode(), _OTHER_INVALID))
    calls = f'traces_span_metrics_calls_total{{service_name="{service}"}}'
    assert eventually(lambda: [row["value"][1] for row in live.query(calls)] == ["3"]), live.query(calls)


def test_refused_points_of_one_instance_are_one_series(live: LiveStack) -> None:
    """Whatever else its resource says: what is no label does not tell two series apart."""
    service = "guards-many-resources"
    request = ExportMetricsServiceRequest()
    for number in range(3):
        owned = request.resource_metrics.add()
        for key, value in (("service.name", service), ("service.instance.id", "1"), ("note", str(number))):
            owned.resource.attributes.add(key=key).value.string_value = value
        _gauge(owned.scope_metrics.add(), "old", 1)
    live.export("/v1/metrics", request.SerializeToString())
    refused = f'botobs_collector_refused_points_total{{service_name="{service}"}}'
    assert eventually(lambda: [row["value"][1] for row in live.query(refused)] == ["3"]), live.query(refused)


@pytest.mark.parametrize(("trace", "span"), [(bytes(16), b"\x01" * 8), (b"\x02" * 16, bytes(8))])
def test_a_span_without_ids_takes_no_other_with_it(live: LiveStack, trace: bytes, span: bytes) -> None:
    service = f"guards-ids-{trace == bytes(16)}"
    filtered = 'otelcol_processor_filter_spans_filtered_total{filter="filter/without_id"}'
    before = live.value(filtered) or 0
    _send_span(live, service, {}, trace, span)
    assert eventually(lambda: len(live.search(f'{{resource.service.name="{service}"}}')) == 1)
    assert eventually(lambda: (live.value(filtered) or 0) == before + 1)


def _send_span(live: LiveStack, service: str, attributes: dict[str, str], trace: bytes, span: bytes) -> None:
    """A span, and a whole one beside it where it has no ids."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    for key, value in {"service.name": service, "service.instance.id": "1", **attributes}.items():
        resource.resource.attributes.add(key=key).value.string_value = value
    spans, now = resource.scope_spans.add().spans, time.time_ns()
    ids = [(trace, span)] if any(trace) and any(span) else [(trace, span), (os.urandom(16), os.urandom(8))]
    for trace_id, span_id in ids:
        made = spans.add(name="work", kind=2, trace_id=trace_id, span_id=span_id, start_time_unix_nano=now)
        made.end_time_unix_nano = now + 1000
    live.export("/v1/traces", request.SerializeToString().replace(_PLACEHOLDER.encode(), _INVALID))


def test_what_is_taken_out_is_counted_by_reason(live: LiveStack) -> None:
    query = 'otelcol_processor_filter_datapoints_filtered_total{filter="filter/too_new"}'
    before = live.value(query) or 0
    _send(live, "guards-reasons", _POISONS["future"])
    assert eventually(lambda: (live.value(query) or 0) > before)


def test_a_counted_service_has_one_identity(live: LiveStack) -> None:
    """A second target_info of the same instance would break every join with it."""
    service = "guards-identity"
    _send(live, service, _POISONS["future"])
    refused = f'botobs_collector_refused_points_total{{service_name="{service}"}}'
    assert eventually(lambda: live.query(refused))
    assert live.value(f'count(target_info{{job="{service}"}})') == 1


def test_a_delta_counter_is_added_up(live: LiveStack) -> None:
    for _ in range(2):
        _send(live, "guards-sum", _POISONS["delta"])
    assert eventually(lambda: live.value('poison_total{service_name="guards-sum"}') == 10)


def test_one_service_takes_a_part_of_the_series_of_deltas(live: LiveStack) -> None:
    """More than the collector remembers of all, one for each order; a neighbour's new one is added up still."""
    for first in range(0, 22_000, 2_000):
        _send(live, "guards-orders", partial(_orders, first))
    for _ in range(2):
        _send(live, "guards-beside-orders", _POISONS["delta"])
    assert eventually(lambda: live.value('poison_total{service_name="guards-beside-orders"}') == 10)
    assert eventually(lambda: live.value('count(orders_total{service_name="guards-orders"})') == 5_000)


def _orders(first: int, scope: ScopeMetrics) -> None:
    counter = scope.metrics.add(name="orders").sum
    counter.is_monotonic = True
    counter.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    for number in range(first, first + 2_000):
        point = counter.data_points.add(as_int=1, time_unix_nano=time.time_ns())
        point.attributes.add(key="order").value.string_value = str(number)


def test_spans_with_poison_are_kept_and_redacted(live: LiveStack) -> None:
    """Text that is no UTF-8 and a megabyte in an attribute harm neither the span nor the next; secrets are masked."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "guards-spans"
    spans = resource.scope_spans.add().spans
    for name in ("poisoned", "GET /orders?signature=5ec4e7"):
        start = time.time_ns()
        span = spans.add(
            name=name, trace_id=os.urandom(16), span_id=os.urandom(8), start_time_unix_nano=start
        )
        span.end_time_unix_nano = start + 1000
        span.status.message = "wss://bot:5ec4e7@localhost failed with token=5ec4e7"
        for key, value in (("text", _PLACEHOLDER), ("long", "long text " * 100_000), ("api_key", "5ec4e7")):
            span.attributes.add(key=key).value.string_value = value
        error = span.events.add(name="exception", time_unix_nano=start)
        error.attributes.add(key="exception.message").value.string_value = "POST /x?apiKey=5ec4e7"
    live.export(
        "/v1/traces",
        request.SerializeToString().replace(_PLACEHOLDER.encode(), _INVALID),
    )

    query = '{resource.service.name="guards-spans"}'
    found = eventually(lambda: traces if len(traces := live.search(query)) == 2 else [])
    with live.client("tempo") as http:
        for trace in found:
            answer = http.get(f"/api/traces/{trace['traceID']}")
            answer.raise_for_status()
            assert "5ec4e7" not in answer.text
            assert len(answer.content) < 20_000
