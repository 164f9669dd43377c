"""Queries Prometheus and Tempo. Names those that do not respond, and returns what the others say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import httpx

from ..prometheus import PrometheusClient
from ..traces import Summary, TempoClient, TempoError, Trace
from .alerts import Alert, active_alerts, ended_alerts
from .answer import Answer, Evidence
from .calls import read_calls
from .changes import read_changes
from .find import find
from .guess import explanations
from .origins import failed_calls, origins
from .series import read_errors, read_exchanges, read_limited, read_memory
from .subject import Subject

#: Seconds by which what is behind it may be seen before it begins: each is measured over a window of its own.
_SLACK = 60.0
#: Seconds of errors, calls and traces that are looked at, at most.
_LONGEST = 3600.0
#: Traces that are listed, and of which failed spans are read.
_TRACES = 8


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
    now = time.time()
    begin, end = subject.since - _SLACK, now
    if subject.kind == "order":
        # An order is a moment, and what went wrong after it is another matter.
        end = min(now, subject.since + _SLACK)
    seconds = min(max(end - begin, _SLACK), _LONGEST)
    problems: list[str] = []
    found: list[Summary] = []
    failed: list[Trace] = []
    if traces is None:
        problems.append("no Tempo runs, so no traces are shown")
    else:
        last = min(now - begin, _LONGEST) if subject.kind != "order" else now - begin
        try:
            found = traces.search(subject.traceql, last=last, limit=_TRACES)
            failed = [traces.trace(each.trace_id) for each in found]
        except TempoError as error:
            problems.append(str(error))
    messages = Counter(message for trace in failed for message in _messages(trace))
    environment = subject.labels.get("deployment_environment_name", "")
    counted = read_errors(metrics, environment, end, seconds)
    exchanges = {each.exchange for each in counted}
    return Evidence(
        alerts=(*alerts, *ended_alerts(metrics, subject.since, min(now, subject.since + _SLACK / 2), alerts)),
        errors=(*counted, *(each for each in failed_calls(failed) if each.exchange not in exchanges)),
        calls=read_calls(metrics, environment, end, seconds),
        origins=origins(failed),
        limited=read_limited(metrics, environment, end, seconds),
        exchanges=read_exchanges(metrics, environment, end),
        memory=read_memory(metrics, subject.labels.get("service_name", ""), environment, end, seconds),
        changes=read_changes(metrics, environment, subject.since, now),
        traces=tuple(found),
        messages=tuple(messages.most_common(3)),
        problems=tuple(problems),
    )


def _messages(trace: Trace) -> list[str]:
    spans = [span for span in trace.spans if span.error]
    return list(
        dict.fromkeys(
            f"{span.name}: {span.message or span.attributes.get('error.type') or 'failed'}" for span in spans
        )
    )
