"""Sampling in the collector itself: who passes the sampler, who does not, and what a kill costs."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from testbed.stack import LiveStack
from tests.support.otlp_traces import Span, send, stored
from tests.support.waiting import eventually

_POLL = Span("fetch_ticker binance", attributes={"exchange.operation": "fetch_ticker"})
_ORDER = Span("create_order binance", attributes={"exchange.operation": "create_order"})
_QUERY = Span("INSERT orders")

#: Traces of which nothing may pass the sampler.
_DIRECT = {
    "an order": (_ORDER, _QUERY),
    "an order that is looked up": (
        Span(
            "fetch_order binance",
            attributes={"exchange.operation": "fetch_order", "exchange.order.id": "1"},
        ),
    ),
    "a failed poll": (Span("fetch_ticker binance", failed=True),),
    "a slow poll": (Span("watch_order_book binance", seconds=1.5),),
    "something else": (Span("POST /bots"), _QUERY),
}


def _settings(wait: str, percent: str) -> dict[str, str]:
    return {
        "BOTOBS_SAMPLING": "on",
        "BOTOBS_SAMPLING_WAIT": wait,
        "BOTOBS_SAMPLING_WAIT_AFTER_ROOT": wait,
        "BOTOBS_SAMPLING_PERCENT": percent,
    }


@pytest.fixture(scope="module")
def undecided() -> Iterator[LiveStack]:
    """A stack whose sampler keeps what it holds for longer than any test takes."""
    with LiveStack(_settings("1h", "100")) as stack:
        yield stack


@pytest.fixture(scope="module")
def strict() -> Iterator[LiveStack]:
    """A stack that keeps no poll by chance."""
    with LiveStack(_settings("1s", "0")) as stack:
        yield stack


def _count(live: LiveStack, what: str, service: str) -> float:
    return live.value(f'botobs_collector_sampling_{what}_spans_total{{service_name="{service}"}}') or 0


@pytest.mark.parametrize("kind", _DIRECT)
def test_it_does_not_wait_for_the_sampler(undecided: LiveStack, kind: str) -> None:
    spans = _DIRECT[kind]
    (trace,) = send(undecided, "direct", spans)
    assert eventually(lambda: stored(undecided, trace) == sorted(span.name for span in spans))


def test_a_kill_loses_polls_alone_and_they_are_counted(undecided: LiveStack) -> None:
    service = "killed"
    orders = send(undecided, service, *[(_ORDER, _POLL, _QUERY)] * 20)
    polls = send(undecided, service, *[(_POLL,)] * 30)
    assert eventually(lambda: _count(undecided, "offered", service) == 50)
    undecided.call(undecided.supervisor.kill("collector", signal.SIGKILL))
    assert eventually(lambda: undecided.supervisor.status["collector"].restarts)
    direct = sorted([_ORDER.name, _QUERY.name])
    assert eventually(lambda: all(stored(undecided, trace) == direct for trace in orders))
    assert [trace for trace in polls if stored(undecided, trace)] == []
    assert _count(undecided, "kept", service) == 0


def test_polls_go_by_chance_and_paths_stay_whole(strict: LiveStack) -> None:
    service = "chosen"
    (path,) = send(strict, service, (_ORDER, _POLL, _QUERY))
    polls = send(strict, service, *[(_POLL, _POLL)] * 10)
    whole = sorted([_ORDER.name, _POLL.name, _QUERY.name])
    assert eventually(lambda: stored(strict, path) == whole)
    assert eventually(lambda: _count(strict, "offered", service) == 21)
    assert eventually(lambda: _count(strict, "kept", service) == 1)
    assert [trace for trace in polls if stored(strict, trace)] == []


def test_no_span_is_stored_twice(strict: LiveStack) -> None:
    """The sampler sees what goes straight to the queue as well, and must not send it again."""
    sent = 'otelcol_exporter_sent_spans_total{exporter="otlp_grpc/tempo"}'
    (trace,) = send(strict, "once", (_ORDER, _POLL))
    assert eventually(lambda: len(stored(strict, trace)) == 2)
    eventually(lambda: _count(strict, "kept", "once") == 1)
    before = eventually(lambda: strict.value(sent))
    assert before is not None
    (trace,) = send(strict, "once", (_ORDER, _POLL, _QUERY))
    assert eventually(lambda: len(stored(strict, trace)) == 3)
    assert eventually(lambda: _count(strict, "kept", "once") == 2)
    assert eventually(lambda: strict.value(sent) == before + 3)


def test_what_is_sampled_out_has_been_measured(strict: LiveStack) -> None:
    service = "measured"
    send(strict, service, *[(_POLL,)] * 7, (Span(_POLL.name, failed=True),))
    calls = f'traces_span_metrics_calls_total{{service_name="{service}"}}'
    assert eventually(lambda: strict.value(f"sum({calls})") == 8)
    by_way = strict.query(f"sum by (botobs_sampling) ({calls})")
    assert {row["metric"].get("botobs_sampling"): row["value"][1] for row in by_way} == {
        "poll": "7",
        None: "1",
    }


def _exemplars(live: LiveStack, selector: str) -> list[dict[str, str]]:
    with live.client("prometheus") as http:
        now = time.time()
        answer = http.get(
            "/api/v1/query_exemplars", params={"query": selector, "start": now - 600, "end": now + 60}
        )
        answer.raise_for_status()
        return [each["labels"] for series in answer.json()["data"] for each in series["exemplars"]]


def test_exemplars_of_spans_lead_to_what_is_kept(strict: LiveStack) -> None:
    service = "exemplars"
    polls = send(strict, service, *[(_POLL,)] * 3)
    (order,) = send(strict, service, (_ORDER,))
    selector = f'traces_span_metrics_duration_seconds_bucket{{service_name="{service}"}}'
    assert eventually(lambda: strict.query(f'{selector[:-1]},botobs_sampling="poll"}}'))
    found = eventually(lambda: _exemplars(strict, selector))
    assert {each["trace_id"] for each in found} == {order}
    assert order not in polls


@pytest.mark.parametrize(("operation", "leads"), [("fetch_ticker", False), ("create_order", True)])
def test_exemplars_of_services_lead_to_what_is_kept(strict: LiveStack, operation: str, leads: bool) -> None:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = f"own-{operation}"
    metric = resource.scope_metrics.add().metrics.add(name="exchange.client.operation.duration", unit="s")
    metric.histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    now = time.time_ns()
    point = metric.histogram.data_points.add(
        time_unix_nano=now, count=1, sum=0.1, bucket_counts=[1, 0], explicit_bounds=[1.0]
    )
    point.attributes.add(key="exchange.operation").value.string_value = operation
    point.exemplars.add(time_unix_nano=now, as_double=0.1, trace_id=b"\1" * 16, span_id=b"\2" * 8)
    strict.export("/v1/metrics", request.SerializeToString())
    selector = f'exchange_client_operation_duration_seconds_bucket{{service_name="own-{operation}"}}'
    found = eventually(lambda: _exemplars(strict, selector))
    assert [("trace_id" in labels) for labels in found] == [leads]
