"""Queries Prometheus and Tempo. Names those that do not respond, and returns what the others say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import httpx

from ..prometheus import PrometheusClient
from ..traces import Summary, TempoClient, TempoError
from .alerts import Alert, active_alerts
from .answer import Answer, Change, Errors, Evidence
from .find import find
from .guess import explanations
from .subject import Subject

#: Seconds before a subject's beginning in which a change counts.
_BEFORE = 900
#: How far back errors and traces are looked at.
_LAST = 600.0
#: Traces that are listed, and of which failed spans are read.
_TRACES = 5


def active(prometheus: httpx.Client) -> list[Alert]:
    """The alerts that fire or are pending, the worst and oldest first.

    Args:
        prometheus: A client with its address.

    Raises:
        UserError: Prometheus cannot be asked.
    """
    return active_alerts(PrometheusClient(prometheus))


def explain(
    name: str | None, prometheus: httpx.Client, tempo: httpx.Client | None, labels: Mapping[str, str]
) -> Answer | None:
    """Why.

    Args:
        name: An alert, a bot or a client order id; None for the worst alert that fires.
        prometheus: A client with its address.
        tempo: The same for Tempo; None where it does not run.
        labels: What an alert has to be about, where several of its name fire.

    Returns:
        The answer; None where nothing was named and nothing fires.

    Raises:
        UserError: Prometheus cannot be asked, or nothing of that name is known.
    """
    metrics = PrometheusClient(prometheus)
    traces = TempoClient(tempo) if tempo is not None else None
    alerts = active_alerts(metrics)
    subject = find(name, alerts, metrics, traces, labels)
    if subject is None:
        return None
    evidence = _evidence(subject, alerts, metrics, traces)
    return Answer(subject, evidence, explanations(subject, evidence))


def _evidence(
    subject: Subject, alerts: Sequence[Alert], metrics: PrometheusClient, traces: TempoClient | None
) -> Evidence:
    problems: list[str] = []
    errors = _errors(metrics)
    changes = _changes(metrics, subject.since)
    found: list[Summary] = []
    messages: Counter[str] = Counter()
    if traces is None:
        problems.append("no Tempo runs, so no traces are shown")
    else:
        last = _LAST if subject.kind != "order" else time.time() - subject.since + _LAST
        try:
            found = traces.search(subject.traceql, last=last, limit=_TRACES)
            for each in found:
                messages.update(_messages(traces, each))
        except TempoError as error:
            problems.append(str(error))
    return Evidence(
        tuple(alerts), errors, changes, tuple(found), tuple(messages.most_common(3)), tuple(problems)
    )


def _messages(traces: TempoClient, summary: Summary) -> list[str]:
    spans = [span for span in traces.trace(summary.trace_id).spans if span.error]
    return list(
        dict.fromkeys(
            f"{span.name}: {span.message or span.attributes.get('error.type') or 'failed'}" for span in spans
        )
    )


def _errors(metrics: PrometheusClient) -> tuple[Errors, ...]:
    by = "exchange_name, exchange_operation, exchange_error_category, error_type"
    window = f"{_LAST:.0f}s"
    name = "exchange_client_errors_total"
    # A counter's first value is no increase to Prometheus.
    grown = f"sum by ({by}) (increase({name}[{window}]) > 0 or ({name} unless {name} offset {window}))"
    found = [
        Errors(
            each.labels.get("exchange_name", ""),
            each.labels.get("exchange_operation", ""),
            each.labels.get("exchange_error_category", ""),
            each.labels.get("error_type", ""),
            each.value,
        )
        for each in metrics.samples(grown)
        if each.value > 0
    ]
    return tuple(sorted(found, key=lambda each: -each.count))


def _changes(metrics: PrometheusClient, since: float) -> tuple[Change, ...]:
    # Of services that were there before: when a whole platform starts, that is no change.
    beat = "service:instance_heartbeat:timestamp_seconds"
    there = f"{beat} offset {_BEFORE}s"
    started = metrics.samples(
        f"count by (service_name) (({beat} unless {there}) and on (service_name) {there})", since
    )
    raw = "botobs_service_heartbeat_timestamp_seconds"
    versions = metrics.samples(
        f"group by (service_name, service_version) ({raw})"
        f" unless group by (service_name, service_version) (last_over_time({raw}[1d] offset {_BEFORE}s))",
        since,
    )
    by_service: dict[str, list[str]] = {}
    for each in versions:
        service = each.labels.get("service_name", "")
        by_service.setdefault(service, []).append(each.labels.get("service_version", ""))
    return tuple(
        Change(
            each.labels.get("service_name", ""),
            int(each.value),
            tuple(sorted(filter(None, by_service.get(each.labels.get("service_name", ""), ())))),
        )
        for each in started
    )
