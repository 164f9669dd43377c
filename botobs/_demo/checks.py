"""What must be seen in the backends after the demo has traded for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from .._ops.traces import full_trace_id
from .observe import Backends

#: Returns what was seen, for the line that is printed.
Check = Callable[[Backends], Awaitable[str]]

#: Series that must be there, by the promise that they keep.
PRESENT: dict[str, tuple[str, ...]] = {
    "services: rate, errors and duration": (
        'http_server_request_duration_seconds_bucket{service_name="bot-manager"}',
        'http_server_request_duration_seconds_bucket{service_name="trading-engine",http_route="/bots/{id}/turn"}',
    ),
    "exchanges: rate, errors and duration": (
        'exchange_client_operation_duration_seconds_bucket{exchange_name="binance"}',
        'exchange_client_operation_duration_seconds_bucket{exchange_name="okx"}',
        "exchange_client_request_duration_seconds_bucket",
    ),
    "database: operation durations of both clients": (
        'db_client_operation_duration_seconds_bucket{service_name="bot-manager"}',
        'db_client_operation_duration_seconds_bucket{service_name="trading-engine"}',
    ),
    "database: pool use of both clients": (
        'db_client_connection_count{service_name="bot-manager",db_client_connection_state="used"}',
        'db_client_connection_count{service_name="trading-engine",db_client_connection_state="idle"}',
        "db_client_connection_max",
        "db_client_connection_wait_time_seconds_bucket",
    ),
    "runtime: CPU, memory, event-loop lag": (
        'process_cpu_time_seconds_total{service_name="trading-engine"}',
        'process_memory_usage_bytes{service_name="trading-engine"}',
        'botobs_runtime_event_loop_lag_seconds_bucket{service_name="trading-engine"}',
    ),
    "host: CPU, memory, disk": (
        "system_cpu_time_seconds_total",
        "system_memory_usage_bytes",
        "system_disk_io_bytes_total",
        "system_filesystem_usage_bytes",
    ),
    "database server: up, cache hits, block I/O times": (
        "pg_up == 1",
        'pg_stat_database_blks_hit{datname="trading"} > 0',
        'pg_stat_database_blk_read_time{datname="trading"}',
        'pg_stat_statements_calls_total{datname="trading"}',
    ),
    "the collector's own metrics": ("otelcol_process_uptime_seconds_total", "otelcol_exporter_queue_size"),
    "span metrics of the collector": ("traces_span_metrics_duration_seconds_bucket",),
    "every part is scraped": (
        'up{job="prometheus"} == 1',
        'up{job="collector"} == 1',
        'up{job="tempo"} == 1',
        'up{job="alertmanager"} == 1',
        'up{job="postgres"} == 1',
    ),
}

#: Counters of what is lost or refused: each must exist, and be zero.
ZERO: tuple[str, ...] = (
    "botobs_sdk_dropped_total",
    "botobs_sdk_export_failures_total",
    "botobs_sdk_instrumentation_errors_total",
    "otelcol_receiver_refused_spans_total",
    "otelcol_receiver_refused_metric_points_total",
    "tempo_discarded_spans_total",
    "alertmanager_notifications_failed_total",
)

#: The same of what stores points and evaluates rules: Prometheus, and in a cluster Mimir.
ZERO_PROMETHEUS: tuple[str, ...] = (
    "prometheus_tsdb_wal_writes_failed_total",
    "prometheus_tsdb_too_old_samples_total",
    "prometheus_rule_evaluation_failures_total",
)
ZERO_MIMIR: tuple[str, ...] = (
    "cortex_ingester_tsdb_wal_writes_failed_total",
    "cortex_ingester_ingested_samples_failures_total",
    "cortex_prometheus_rule_evaluation_failures_total",
)

#: Counters that the collector only creates with the first failure, and what shows that it would count one.
ZERO_OR_ABSENT: dict[str, str] = {
    "otelcol_exporter_enqueue_failed_spans_total": "otelcol_exporter_sent_spans_total",
    "otelcol_exporter_enqueue_failed_metric_points_total": "otelcol_exporter_sent_metric_points_total",
    "otelcol_exporter_send_failed_spans_total": "otelcol_exporter_sent_spans_total",
    "otelcol_exporter_send_failed_metric_points_total": "otelcol_exporter_sent_metric_points_total",
}

#: Pushed series of ours; each must say whose it is.
_PUSHED = '{__name__=~"(http|db|exchange|botobs|process)_.+",service_name=~"bot-manager|trading-engine"}'
_IDENTITY = ("service_name", "service_instance_id", "deployment_environment_name")


class NotSeen(Exception):
    """What was looked for is not there; the message says what is."""


@dataclass(frozen=True)
class Result:
    """The result of a check."""

    name: str
    seen: bool
    detail: str


async def run(backends: Backends, within: float, without: Collection[str] = ()) -> list[Result]:
    """Run every check, each again and again until it holds or its time is over.

    All wait side by side, so that a slow one takes no time from the others. Losses are counted when they are done.

    Args:
        within: Seconds for each: data is still on its way when they start.
        without: Names of checks that are left out.
    """
    chosen = [(name, check) for name, check in all_checks() if name not in without]
    waiting = (_poll(name, check, backends, within) for name, check in chosen if check is not nothing_lost)
    results = await asyncio.gather(*waiting)
    at_last = [await _poll(name, check, backends, within) for name, check in chosen if check is nothing_lost]
    return [*results, *at_last]


def all_checks() -> Iterable[tuple[str, Check]]:
    """Every check with the line that it prints."""
    yield "a trace crosses both services, with exchange call and SQL", crossing_trace
    for name, queries in PRESENT.items():
        yield name, _present(queries)
    yield "every pushed series says whose it is", identity
    yield "orders: simulator = Prometheus = Tempo", orders_agree
    yield "an exemplar leads to its trace", exemplar_resolves
    yield "Watchdog has come from Prometheus to Alertmanager", watchdog
    yield "nothing dropped, refused or failed", nothing_lost


async def _poll(name: str, check: Check, backends: Backends, within: float) -> Result:
    deadline = time.monotonic() + within
    while True:
        try:
            return Result(name, True, await check(backends))
        except (NotSeen, httpx.HTTPError) as error:
            if time.monotonic() > deadline:
                return Result(name, False, str(error) or type(error).__name__)
        await asyncio.sleep(0.5)


def _present(queries: tuple[str, ...]) -> Check:
    async def check(backends: Backends) -> str:
        missing = [query for query in queries if not await backends.query(query)]
        if missing:
            raise NotSeen(f"no series for {', '.join(missing)}")
        return f"{len(queries)} queries answered"

    return check


async def identity(backends: Backends) -> str:
    """Every pushed series carries service, instance and environment."""
    series = await backends.series(_PUSHED)
    if not series:
        raise NotSeen("no pushed series")
    for labels in series:
        lacking = [label for label in _IDENTITY if not labels.get(label)]
        if lacking:
            raise NotSeen(f"{labels['__name__']} lacks {', '.join(lacking)}")
    return f"{len(series)} series"


async def orders_agree(backends: Backends) -> str:
    """As many orders as the simulator has counted are in Prometheus and in Tempo."""
    counts = await backends.simulator()
    sent = sum(exchange["orders"]["received"] for exchange in counts.values())
    counted = await backends.orders() or 0
    found = await backends.search('{ name =~ "create_order .+" && kind = client }', limit=5000, spans=100)
    spans = sum(int(spanset.get("matched", 0)) for trace in found for spanset in trace.get("spanSets", []))
    if not sent == counted == spans or not sent:
        raise NotSeen(f"simulator {sent}, Prometheus {counted}, Tempo {spans}")
    return f"{sent} orders"


async def exemplar_resolves(backends: Backends) -> str:
    """The newest exemplar of a latency histogram names a trace that Tempo has."""
    exemplars = await backends.exemplars("http_server_request_duration_seconds_bucket")
    for exemplar in reversed(exemplars):
        trace_id = exemplar["labels"].get("trace_id", "")
        if trace_id and await backends.trace(trace_id):
            return f"{len(exemplars)} exemplars, the newest leads to {trace_id}"
    raise NotSeen(f"{len(exemplars)} exemplars, and none resolves")


async def watchdog(backends: Backends) -> str:
    """The alert that always fires has arrived."""
    names = [alert["labels"]["alertname"] for alert in await backends.alerts()]
    if "Watchdog" not in names:
        raise NotSeen(f"Alertmanager holds {', '.join(names) or 'nothing'}")
    others = sorted(set(names) - {"Watchdog"})
    return f"also firing: {', '.join(others)}" if others else "and nothing else fires"


async def nothing_lost(backends: Backends) -> str:
    """Every counter of loss exists and is zero."""
    zero = (*ZERO, *(ZERO_MIMIR if backends.cluster else ZERO_PROMETHEUS))
    for name, proof in {**dict.fromkeys(zero), **ZERO_OR_ABSENT}.items():
        samples = await backends.query(name)
        if not samples and not (proof and await backends.query(proof)):
            raise NotSeen(f"{proof or name} does not exist")
        lost = [sample for sample in samples if float(sample["value"][1]) != 0]
        if lost:
            raise NotSeen(f"{name} is {lost[0]['value'][1]} for {lost[0]['metric']}")
    return f"{len(zero) + len(ZERO_OR_ABSENT)} counters"


async def crossing_trace(backends: Backends) -> str:
    """One trace starts in the bot manager, crosses to the engine, and holds the exchange call and SQL statements."""
    query = '{ resource.service.name = "bot-manager" } && { name =~ "create_order .+" && kind = client }'
    found = await backends.search(query, limit=5)
    if not found:
        raise NotSeen("Tempo finds no trace of both services with an order")
    trace_id = full_trace_id(found[0])
    spans = _spans(await backends.trace(trace_id))
    _check_order_trace(spans)
    return f"{len(spans)} spans in {trace_id}"


def _check_order_trace(spans: list[dict[str, Any]]) -> None:
    by_id = {span["spanId"]: span for span in spans}
    root = next((span for span in spans if span.get("parentSpanId", "") not in by_id), None)
    order = next(span for span in spans if span["name"].startswith("create_order "))
    statements = [span for span in spans if "db.system.name" in span["attributes"]]
    if root is None or root["service"] != "bot-manager":
        raise NotSeen("the trace does not start in the bot manager")
    if order["service"] != "trading-engine":
        raise NotSeen(f"the order is placed by {order['service']}")
    if children := [span["name"] for span in spans if span.get("parentSpanId") == order["spanId"]]:
        raise NotSeen(f"the exchange call has children: {', '.join(children)}")
    if {span["service"] for span in statements} < {"bot-manager", "trading-engine"}:
        raise NotSeen(f"SQL statements only of {sorted({span['service'] for span in statements})}")
    for span in statements:
        if not span["kind"].endswith("CLIENT"):
            raise NotSeen(f"{span['name']} is {span['kind']}")
        if not {"db.query.text", "db.query.summary", "db.operation.name"} & set(span["attributes"]):
            raise NotSeen(f"{span['name']} has only {sorted(span['attributes'])}")


def _spans(trace: Any) -> list[dict[str, Any]]:
    if trace is None:
        raise NotSeen("Tempo does not return the trace that it has found")
    body = trace.get("trace", trace)
    spans = []
    for resource in body.get("resourceSpans") or body.get("batches") or []:
        service = next(
            item["value"]["stringValue"]
            for item in resource["resource"]["attributes"]
            if item["key"] == "service.name"
        )
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                names = {item["key"]: item["value"] for item in span.get("attributes", [])}
                spans.append({**span, "service": service, "attributes": names})
    return spans
