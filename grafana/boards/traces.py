"""Traces: who calls whom, and which traces are worth a look."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import database, exchange, runtime

from . import exporters
from .board import Row, board
from .panels import Column, Sized, grid, latency, service_graph, traces
from .promql import Queries

_q = Queries(("environment", "service"))
_OF = 'resource.deployment.environment.name =~ "$environment" && resource.service.name =~ "$service"'


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-traces",
        "Traces",
        "Who calls whom? Which requests were slow or failed, and where did they spend their time?",
        _q.variables,
        [
            Row("Who calls whom", [service_graph("Service graph", _GRAPH), _edges(), _durations()]),
            Row("Slow", _slow()),
            Row("Failed", _failed()),
        ],
    )


_GRAPH = (
    "Services, and the databases and exchanges that they call, with rate, errors and duration of each edge."
)


def _edges() -> Sized:
    edge = ("client", "server")
    # Over the same time as the graph, which Grafana asks for by itself.
    over = "$__range"
    calls = _q.rate(exporters.EDGE_REQUESTS, edge, window=over)
    failed = _q.rate(exporters.EDGE_FAILED, edge, window=over)
    return grid(
        "Edges",
        "The same as numbers: calls from one to the other, part of them that failed, and the 95th percentile.",
        {"client": "From", "server": "To"},
        [
            Column("Calls", calls, "reqps"),
            Column("Failed", f"({failed} or 0 * {calls}) / ({calls} > 0)", "percentunit"),
            Column("p95", _q.quantile(0.95, exporters.EDGE_CLIENT_DURATION, edge, window=over), "s"),
        ],
    )


def _durations() -> Sized:
    return latency(
        "Duration of spans",
        "By service, the 95th percentile of spans that enter it. Points are exemplars: a click opens the trace.",
        _q,
        exporters.SPAN_DURATION,
        by=("service.name",),
        where={"span_kind": "SPAN_KIND_SERVER"},
        legend="{{service_name}}",
        width=12,
    )


def _slow() -> list[Sized]:
    return [
        traces(
            "Slow requests",
            "Requests that took longer than 250 ms.",
            f"{{ {_OF} && kind = server && duration > 250ms }}",
        ),
        traces(
            "Slow calls to exchanges",
            "Calls that took longer than 250 ms, rate limiter included.",
            f"{{ {_OF} && span.{exchange.NAME} != nil && kind = client && duration > 250ms }}",
        ),
        traces(
            "Slow statements",
            "Database calls that took longer than 50 ms.",
            f"{{ {_OF} && span.{database.DB_SYSTEM_NAME} != nil && duration > 50ms }}",
        ),
        traces(
            "Held up by the event loop",
            "Spans during which the event loop was blocked for more than 50 ms: the fault is in the process itself.",
            f"{{ {_OF} && span.{runtime.EVENT_LOOP_LAG_ATTRIBUTE} > 0.05 }}",
        ),
    ]


def _failed() -> list[Sized]:
    return [
        traces(
            "Failed requests",
            "Requests that ended with an error.",
            f"{{ {_OF} && kind = server && status = error }}",
        ),
        traces(
            "Failed calls to exchanges",
            "By whatever reason: refused orders are among them.",
            f"{{ {_OF} && span.{exchange.NAME} != nil && status = error }}",
        ),
        traces(
            "Failed statements",
            "Database calls that failed.",
            f"{{ {_OF} && span.{database.DB_SYSTEM_NAME} != nil && status = error }}",
        ),
        traces(
            "Everything that failed", "Spans of any kind with an error.", f"{{ {_OF} && status = error }}"
        ),
    ]
