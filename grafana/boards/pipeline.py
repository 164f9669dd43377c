"""Pipeline: what every hop accepts, refuses, sends and stores, where it queues, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import sdk

from . import exporters, recorded
from .board import Row, board
from .panels import Query, Sized, graph, number
from .promql import Queries, or_zero

_q = Queries(("environment",))
_SERVICE = ("service.name",)
#: Filters that take faults out. Others sort what is sound, such as points beside the refused ones, or polls.
_GUARDS = {"filter": "=~filter/(contradictory|malformed|not_a_number|too_new|too_old|without_id)"}


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-pipeline",
        "Pipeline",
        "Does what services say arrive, hop by hop? Where does it queue, where is it lost, and what does it cost?",
        _q.variables,
        [
            Row("Is anything lost?", _lost()),
            Row("Spans, hop by hop", _spans()),
            Row("Metrics, hop by hop", _metrics()),
            Row("Queues and drops", _queues()),
            Row("Alerts", _alerts()),
            Row("Cost", _cost()),
        ],
    )


def _lost() -> list[Sized]:
    def lost(
        title: str, description: str, *series: exporters.Exported, where: Mapping[str, str] | None = None
    ) -> Sized:
        increases = (f"sum(increase({_q.select(each, where)}[$__range]))" for each in series)
        return number(
            title, description, "short", " + ".join(f"({or_zero(each)})" for each in increases), bad=1
        )

    return [
        number(
            "Dropped by services",
            "Spans and exports that services gave up within the time range.",
            "short",
            or_zero(_q.total(sdk.DROPPED)),
            bad=1,
        ),
        lost(
            "Refused by the collector",
            "Spans and points that it did not take. The sender tries again.",
            exporters.RECEIVER_REFUSED_SPANS,
            exporters.RECEIVER_REFUSED_POINTS,
        ),
        lost(
            "Lost by the collector",
            "Spans and points that it could neither queue nor deliver.",
            exporters.ENQUEUE_FAILED_SPANS,
            exporters.ENQUEUE_FAILED_POINTS,
            exporters.SEND_FAILED_SPANS,
            exporters.SEND_FAILED_POINTS,
        ),
        lost(
            "Filtered out",
            "Points and spans that a store would refuse together with their whole request.",
            exporters.POINTS_FILTERED,
            exporters.SPANS_FILTERED,
            where=_GUARDS,
        ),
        lost(
            "Discarded by Prometheus",
            "Points that were too old or too new, and writes that failed.",
            exporters.TSDB_TOO_OLD,
            exporters.TSDB_OUT_OF_BOUNDS,
            exporters.TSDB_WAL_FAILED,
        ),
        lost("Discarded by Tempo", "Spans over a limit of Tempo.", exporters.TEMPO_DISCARDED),
    ]


def _spans() -> list[Sized]:
    exported = {sdk.SIGNAL: "traces"}
    return [
        graph(
            "Started, exported, accepted, sent, received",
            "Spans per second at every hop. Lines that lie on each other lose nothing; a gap that stays open is a loss "
            "or a queue that grows.",
            "ops",
            [
                Query(_q.rate(sdk.SPANS_STARTED), "started by services"),
                Query(_q.rate(sdk.EXPORTED, where=exported), "acknowledged to services"),
                Query(_q.rate(exporters.RECEIVER_ACCEPTED_SPANS), "accepted by the collector"),
                Query(_q.rate(exporters.SENT_SPANS), "sent to Tempo"),
                Query(_q.rate(exporters.TEMPO_RECEIVED), "received by Tempo"),
            ],
            width=16,
        ),
        graph(
            "Started, by service",
            "Spans per second.",
            "ops",
            [Query(_q.rate(sdk.SPANS_STARTED, _SERVICE), "{{service_name}}")],
            stack=True,
        ),
    ]


def _metrics() -> list[Sized]:
    return [
        graph(
            "Accepted, sent, stored",
            "Points per second. The collector adds its own of spans and hosts, a histogram becomes many samples, and "
            "Prometheus scrapes on its own: compare each line with itself.",
            "ops",
            [
                Query(_q.rate(exporters.RECEIVER_ACCEPTED_POINTS), "points accepted by the collector"),
                Query(_q.rate(exporters.SENT_POINTS), "points sent to Prometheus"),
                Query(_q.rate(exporters.TSDB_APPENDED), "samples stored by Prometheus"),
            ],
            width=12,
        ),
        graph(
            "Targets",
            "1 while Prometheus reaches the part.",
            "short",
            [Query(f"min by (service_name) ({_q.select(exporters.UP)})", "{{service_name}}")],
            highest=1,
            width=12,
        ),
    ]


def _queues() -> list[Sized]:
    exporter = "by (exporter, data_type)"
    size = f"sum {exporter} ({_q.select(exporters.QUEUE_SIZE)})"
    return [
        graph(
            "Queues of the collector",
            "Part that is filled. They grow while a backend is away, and nothing is lost until they are full.",
            "percentunit",
            [Query(f"{size} / sum {exporter} ({_q.select(exporters.QUEUE_CAPACITY)})", "{{exporter}}")],
            limits=recorded.QUEUE_WARNING,
        ),
        graph(
            "Queues of services",
            "Bytes that wait in memory and on disk.",
            "bytes",
            [
                Query(_q.latest(sdk.QUEUE_BYTES, _SERVICE, how="sum"), "{{service_name}} memory"),
                Query(_q.latest(sdk.SPOOL_BYTES, _SERVICE, how="sum"), "{{service_name}} disk"),
            ],
        ),
        graph(
            "Drops of services",
            "By signal and reason, counted one by one.",
            "short",
            [Query(f"{_q.events(sdk.DROPPED, (sdk.SIGNAL, sdk.REASON))} > 0", "{{signal}} {{reason}}")],
            bars=True,
        ),
        graph(
            "Failed exports of services",
            "Requests to the collector, by reason. They are repeated.",
            "short",
            [
                Query(
                    f"{_q.events(sdk.EXPORT_FAILURES, (sdk.SIGNAL, sdk.REASON))} > 0", "{{signal}} {{reason}}"
                )
            ],
            bars=True,
        ),
        graph(
            "Filtered points",
            "Per second, by guard.",
            "ops",
            [Query(_q.rate(exporters.POINTS_FILTERED, ("filter",), _GUARDS), "{{filter}}")],
        ),
        graph(
            "Instrumentation",
            "Measurements in overflow series, attributes taken off, instrumentations, settings and spools that failed.",
            "short",
            [
                Query(_q.latest(sdk.METRIC_OVERFLOWS, how="sum"), "overflows"),
                Query(_q.latest(sdk.ATTRIBUTES_REFUSED, how="sum"), "attributes refused"),
                Query(_q.latest(sdk.INSTRUMENTATION_ERRORS, how="sum"), "instrumentation errors"),
                Query(_q.latest(sdk.SETTINGS_INVALID, how="sum"), "invalid settings"),
                Query(_q.latest(sdk.SPOOL_REFUSED, how="sum"), "spools refused"),
            ],
        ),
    ]


def _alerts() -> list[Sized]:
    return [
        graph(
            "From Prometheus to people",
            "Alerts sent to Alertmanager, received by it, and its notifications, per second.",
            "ops",
            [
                Query(_q.rate(exporters.NOTIFICATIONS_SENT), "sent by Prometheus"),
                Query(_q.rate(exporters.ALERTMANAGER_RECEIVED), "received by Alertmanager"),
                Query(_q.rate(exporters.ALERTMANAGER_SENT), "notifications"),
            ],
        ),
        graph(
            "Failures on the way",
            "Rules that could not be evaluated, alerts that were dropped, notifications that failed, per second.",
            "ops",
            [
                Query(_q.rate(exporters.RULE_FAILURES), "rules"),
                Query(_q.rate(exporters.NOTIFICATIONS_DROPPED), "dropped"),
                Query(_q.rate(exporters.ALERTMANAGER_FAILED), "notifications"),
            ],
        ),
        number(
            "Certificate ends in",
            "Time left on the stack's certificate. `botobs up` renews it in its last thirty days.",
            "s",
            f"max({_q.select(recorded.CERTIFICATE_EXPIRY)} > 0) - time()",
            width=8,
        ),
    ]


def _cost() -> list[Sized]:
    job = "by (service_name)"
    return [
        graph(
            "CPU of the backends",
            "CPU seconds per second.",
            "short",
            [
                Query(f"sum {job} (rate({_q.select(exporters.CPU)}[$__rate_interval]))", "{{service_name}}"),
                Query(_q.rate(exporters.COLLECTOR_CPU), "collector"),
            ],
            width=6,
        ),
        graph(
            "Memory of the backends",
            "Resident memory.",
            "bytes",
            [
                Query(f"sum {job} ({_q.select(exporters.MEMORY)})", "{{service_name}}"),
                Query(f"sum({_q.select(exporters.COLLECTOR_MEMORY)})", "collector"),
            ],
            width=6,
        ),
        graph(
            "Series",
            "Active series in Prometheus: what its memory goes by.",
            "short",
            [Query(f"sum({_q.select(exporters.TSDB_SERIES)})", "series")],
            width=6,
        ),
        graph(
            "Disk and trace volume",
            "What Prometheus keeps, and what Tempo receives per second.",
            "bytes",
            [
                Query(f"sum({_q.select(exporters.TSDB_BLOCK_BYTES)})", "blocks"),
                Query(f"sum({_q.select(exporters.TSDB_WAL_BYTES)})", "write-ahead log"),
                Query(_q.rate(exporters.TEMPO_BYTES), "Tempo, per second"),
            ],
            width=6,
        ),
    ]
