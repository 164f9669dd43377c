"""Services: rate, errors, duration, runtime and the host below."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import http, runtime

from . import exporters, recorded
from .board import Row, board
from .panels import Query, Sized, graph, latency
from .promql import Queries

_q = Queries(("environment", "service"))
_SERVICE = ("service.name",)


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-services",
        "Services",
        "Rate, errors and duration of every service, the health of its process, and the host that it runs on.",
        _q.variables,
        [
            Row("Requests and spans", _spans()),
            Row("HTTP", _http()),
            Row("Process", _process()),
            Row("Host", _host()),
        ],
    )


def _spans() -> list[Sized]:
    spans = f"sum by (service_name) ({_q.select(recorded.SERVICE_SPANS)})"
    failed = (
        f"sum by (service_name) ({_q.select(recorded.SERVICE_SPANS, {'status_code': 'STATUS_CODE_ERROR'})})"
    )
    return [
        graph(
            "Rate",
            "Spans that enter a service, per second: requests, messages, turns of bots.",
            "reqps",
            [Query(spans, "{{service_name}}")],
        ),
        graph(
            "Errors",
            "Part of them that failed.",
            "percentunit",
            [Query(f"({failed} or 0 * {spans}) / ({spans} > 0)", "{{service_name}}")],
            limits=recorded.ERROR_RATIO,
        ),
        graph(
            "Duration p95",
            "Of the same spans.",
            "s",
            [Query(f"max by (service_name) ({_q.select(recorded.SERVICE_LATENCY)})", "{{service_name}}")],
            limits=recorded.LATENCY,
        ),
        latency(
            "Duration, by span",
            "The 95th percentile of every span, as the collector counts them before any sampling.",
            _q,
            exporters.SPAN_DURATION,
            by=("service.name", "span_name"),
            legend="{{service_name}} {{span_name}}",
            width=12,
        ),
        graph(
            "Failed spans",
            "Per second, by span and error.",
            "ops",
            [
                Query(
                    _q.rate(
                        exporters.SPAN_CALLS,
                        ("service.name", "span_name", "error.type"),
                        {"status_code": "STATUS_CODE_ERROR"},
                    ),
                    "{{service_name}} {{span_name}} {{error_type}}",
                )
            ],
            width=12,
        ),
    ]


def _http() -> list[Sized]:
    return [
        latency(
            "Served requests, by route",
            "The 95th percentile. Points are exemplars: a click opens the trace.",
            _q,
            http.SERVER_REQUEST_DURATION,
            by=("service.name", http.HTTP_ROUTE),
            legend="{{service_name}} {{http_route}}",
        ),
        graph(
            "Served requests, by status",
            "Per second.",
            "reqps",
            [
                Query(
                    _q.rate(http.SERVER_REQUEST_DURATION, ("service.name", http.HTTP_RESPONSE_STATUS_CODE)),
                    "{{service_name}} {{http_response_status_code}}",
                )
            ],
            stack=True,
        ),
        latency(
            "Sent requests",
            "As the caller sees them, the 95th percentile.",
            _q,
            http.CLIENT_REQUEST_DURATION,
            by=("service.name", "server.port"),
            legend="{{service_name}} to port {{server_port}}",
        ),
    ]


def _process() -> list[Sized]:
    pauses = _q.select(runtime.GC_PAUSE_DURATION, suffix="_sum")
    # Of those that have said goodbye, such as botobs-doctor, it is no matter: the alert's series leaves them out.
    age = f"time() - max by (service_name) ({_q.select(recorded.SERVICE_HEARTBEAT)})"
    return [
        graph(
            "CPU",
            "CPU seconds per second; 1 is a core.",
            "short",
            [Query(_q.rate(runtime.CPU_TIME, _SERVICE), "{{service_name}}")],
        ),
        graph(
            "Memory",
            "Resident memory of all processes of a service.",
            "bytes",
            [Query(_q.latest(runtime.MEMORY_USAGE, _SERVICE, how="sum"), "{{service_name}}")],
        ),
        graph(
            "Age of the heartbeat",
            "Every metric export renews it. Above the line the service counts as lost.",
            "s",
            [Query(age, "{{service_name}}")],
            limits=recorded.HEARTBEAT_AGE,
        ),
        graph(
            "Event loop lag p99",
            "How late what is due is run.",
            "s",
            [Query(_q.quantile(0.99, runtime.EVENT_LOOP_LAG, _SERVICE), "{{service_name}}")],
            limits=recorded.EVENT_LOOP_LAG,
        ),
        graph(
            "Garbage collection",
            "Seconds per second for which collections of a millisecond or more stopped the process.",
            "s",
            [
                Query(
                    f"sum by (service_name) (rate({pauses}[$__rate_interval]))",
                    "{{service_name}}",
                )
            ],
        ),
        graph(
            "Threads and open files",
            "Growing without end is a leak.",
            "short",
            [
                Query(_q.latest(runtime.THREADS, _SERVICE, how="sum"), "{{service_name}} threads"),
                Query(
                    _q.latest(runtime.OPEN_FILE_DESCRIPTORS, _SERVICE, how="sum"),
                    "{{service_name}} open files",
                ),
            ],
        ),
    ]


def _host() -> list[Sized]:
    by = "by (service_instance_id)"
    used = _q.select(exporters.HOST_MEMORY, {"state": "used"})
    busy = f"1 - avg {by} ({_q.select(exporters.HOST_CPU, {'state': 'idle'})})"
    return [
        graph(
            "CPU of the host",
            "Part of all cores that is not idle.",
            "percentunit",
            [Query(busy, "{{service_instance_id}}")],
            highest=1,
            width=6,
        ),
        graph(
            "Memory of the host",
            "Part that is in use, caches not counted.",
            "percentunit",
            [
                Query(
                    f"sum {by} ({used}) / max {by} ({_q.select(exporters.HOST_MEMORY_LIMIT)})",
                    "{{service_instance_id}}",
                )
            ],
            highest=1,
            width=6,
        ),
        graph(
            "Disk and network",
            "Bytes per second.",
            "Bps",
            [
                Query(_q.rate(exporters.HOST_DISK_IO, ("direction",)), "disk {{direction}}"),
                Query(_q.rate(exporters.HOST_NETWORK, ("direction",)), "network {{direction}}"),
            ],
            width=6,
        ),
        graph(
            "File systems",
            "Part that is used.",
            "percentunit",
            [Query(f"max by (mountpoint) ({_q.select(exporters.HOST_FILESYSTEM)})", "{{mountpoint}}")],
            limits=recorded.DISK_WARNING,
            highest=1,
            width=6,
        ),
    ]
