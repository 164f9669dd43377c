"""Reads the ledger out of Prometheus, where services and collector report what they did, and Tempo, where spans are."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx

from ...semconv import sdk
from ..errors import StackError, no_answer
from ..prometheus import PrometheusClient
from ._account import Account, Exports, Ledger, Spans
from ._processes import Reported, Samples, are_mixed, between, by_process, is_silent

#: Seconds after which what was acknowledged can be counted in Tempo: the queue's and Tempo's own flushes.
SETTLE = 15.0
#: Seconds before its first report, and before the window, in which a process may have begun.
_EARLY = 300
_SERVICE, _INSTANCE = "service_name", "service_instance_id"
_OFFERED = "botobs_collector_sampling_offered_spans_total"
_KEPT = "botobs_collector_sampling_kept_spans_total"
#: What the collector writes on spans that may be sampled out: collector/sampling.yaml.
_POLLS = ' && span.botobs.sampling="poll"'
_REFUSED = "botobs_collector_refused_points_total"
_SPAN_METRICS = "traces_span_metrics_calls_total"
#: Losses that cannot be assigned to a service: counter, and the label that says where. What a collector that is being
#: stopped breaks off is counted as failed too, and is still in its queue.
_LOST = (
    ('otelcol_exporter_send_failed_spans_total{error_type!="Shutdown"}', "exporter"),
    ('otelcol_exporter_send_failed_metric_points_total{error_type!="Shutdown"}', "exporter"),
    ("otelcol_exporter_enqueue_failed_spans_total", "exporter"),
    ("otelcol_exporter_enqueue_failed_metric_points_total", "exporter"),
    ('otelcol_processor_filter_spans_filtered_total{filter="filter/without_id"}', "filter"),
    ("tempo_discarded_spans_total", "reason"),
    ("prometheus_tsdb_too_old_samples_total", "type"),
    ("prometheus_tsdb_out_of_bound_samples_total", "type"),
    # What no sender sends again. One that can tell what it has given up says so as well.
    ('botobs_intake_refused_total{reason=~"malformed|service|unknown"}', "reason"),
    ("botobs_intake_rejected_points_total", ""),
    ('otelcol_deltatocumulative_datapoints_total{error!=""}', "error"),
)
#: Seconds without a report after which a process whose spans still come is not accounted for.
_PATIENCE = 180
#: What the intake calls instances that are more than a service may have.
_OTHERS = "others"

Key = tuple[str, ...]


def read(prometheus: httpx.Client, tempo: httpx.Client, last: float, now: float) -> Ledger:
    """The accounts of all services that have sent anything.

    Args:
        prometheus: A client with its address.
        tempo: The same for Tempo.
        last: Seconds to look back.
        now: Seconds since the epoch. What was sent within the last `SETTLE` seconds is left out.

    Raises:
        StackError: One of the two cannot be asked.
    """
    return _Reader(prometheus, tempo, int(last), now - SETTLE, now).ledger()


class _Reader:
    def __init__(
        self, prometheus: httpx.Client, tempo: httpx.Client, window: int, until: float, now: float
    ) -> None:
        self._prometheus, self._tempo = PrometheusClient(prometheus), tempo
        self._window, self._until, self._now = window, until, now

    def ledger(self) -> Ledger:
        lost: dict[str, int] = {}
        for selector, label in _LOST:
            for (_, where), count in self._added_up(selector, label).items():
                if count:
                    lost[f"{selector.partition('{')[0]} {where}".strip()] = count
        return Ledger(self._accounts(), lost)

    def _accounts(self) -> list[Account]:
        reported, unclear = self._reported()
        offered, kept = self._added_up(_OFFERED), self._added_up(_KEPT)
        refused = self._added_up(_REFUSED, "botobs_guard")
        exports = {key: each for key, each in self._exports().items() if key not in unclear}
        accounts = []
        for service in sorted({key[0] for key in (*reported, *unclear, *exports, *refused, *self._seen())}):
            key = (service,)
            spans = sum(reported.get(key, ()), Spans())
            sampled_out = self._sampled_out(service, offered.get(key, 0), kept.get(key, 0))
            accounts.append(
                Account(
                    service,
                    replace(spans, sampled_out=sampled_out),
                    exports.get(key, Exports()),
                    _reasons(refused, service),
                    tells=key in reported and key not in unclear,
                )
            )
        return accounts

    def _reported(self) -> tuple[dict[Key, list[Spans]], set[Key]]:
        """What the processes of each service have reported, with what is stored of it; and whose are unclear."""
        begin = self._until - self._window
        started = sdk.SPANS_STARTED.prometheus_name
        before = self._query(f"last_over_time({started}[1d] offset {self._window + _EARLY}s)")
        reports = self._samples(started)
        sending = self._sending()
        mixed = {key for key, samples in reports.items() if are_mixed(samples)}
        unclear = mixed | {
            key for key in sending & reports.keys() if is_silent(reports[key], self._until, _PATIENCE)
        }
        processes = by_process(
            {key: samples for key, samples in reports.items() if key not in mixed},  # type: ignore[misc]
            self._samples(sdk.EXPORTED.prometheus_name + '{signal="traces"}'),  # type: ignore[arg-type]
            self._samples(sdk.DROPPED.prometheus_name + '{signal="traces"}', sdk.REASON),  # type: ignore[arg-type]
            {_key(one, _INSTANCE) for one in before},  # type: ignore[misc]
        )
        spans: dict[Key, list[Spans]] = {}
        for process in processes:
            if reported := between(process, begin, self._until):
                stored = self._stored_of(process.service, process.instance, reported)
                spans.setdefault((process.service,), []).append(replace(reported.spans, stored=stored))
        for (service,), each in spans.items():
            if sum(each, Spans()).missing:
                each.append(
                    Spans(stored=self._stored(service, f' && resource.service.instance.id="{_OTHERS}"'))
                )
        return spans, {key[:1] for key in unclear}

    def _sending(self) -> set[Key]:
        """The service instances of which spans have come within the last minute."""
        recent = f"sum by ({_SERVICE}, {_INSTANCE}) (increase({_SPAN_METRICS}[60s])) > 0"
        return {_key(one, _INSTANCE) for one in self._query(recent)}

    def _samples(self, selector: str, *labels: str) -> dict[Key, Samples]:
        """Every sample of counters from somewhat before the window until now, by service, instance and labels."""
        query = f"{selector}[{int(self._window + _EARLY + SETTLE)}s]"
        return {
            _key(one, _INSTANCE, *labels): [(float(at), float(value)) for at, value in one["values"]]
            for one in self._query(query, self._now)
        }

    def _seen(self) -> set[Key]:
        """The services that the collector has had spans of, whether they report on themselves or not."""
        now = f"sum by ({_SERVICE}) (last_over_time({_SPAN_METRICS}[{self._window}s]))"
        before = (
            f"sum by ({_SERVICE}) (last_over_time({_SPAN_METRICS}[{self._window}s] offset {self._window}s))"
        )
        return {_key(one) for one in self._query(f"({now} unless {before}) or ({now} != {before})")}

    def _added_up(self, metric: str, *labels: str) -> dict[Key, int]:
        """The same for counters of the collector, which start over when it does."""
        before = {_identity(one): float(one["value"][1]) for one in self._query(self._before(metric))}
        sums: defaultdict[Key, int] = defaultdict(int)
        for one in self._query(f"{metric}[{self._window}s]"):
            values = [before.get(_identity(one), 0.0), *(float(value) for _, value in one["values"])]
            steps = itertools.pairwise(values)
            sums[_key(one, *labels)] += round(sum(b - a if b >= a else b for a, b in steps))
        return sums

    def _exports(self) -> dict[Key, Exports]:
        metric = sdk.METRIC_EXPORTS.prometheus_name
        before = {_identity(one): float(one["value"][1]) for one in self._query(self._before(metric))}
        sums: defaultdict[Key, Exports] = defaultdict(Exports)
        for one in self._query(f"{metric}[{self._window}s]"):
            numbers = [float(value) for _, value in one["values"]]
            sums[_key(one)] += Exports.of(numbers, before.get(_identity(one)))
        return sums

    def _sampled_out(self, service: str, offered: int, kept: int) -> int:
        """What was offered to a sampler and not kept.

        A sampler that is killed loses its last counts of what it kept, and one in a separate tier
        counts nothing by service: polls that are stored were kept, whatever the counter says.
        """
        if not offered:
            return 0
        return max(0, offered - max(kept, self._stored(service, _POLLS)))

    def _stored(self, service: str, condition: str) -> int:
        query = f"{{resource.service.name={json.dumps(service)}{condition}}} | count_over_time()"
        return _total(self._count(query, self._until - self._window - _EARLY, self._until))

    def _stored_of(self, service: str, instance: str, reported: Reported) -> int:
        """The spans that a process has started between two reports, by their own start."""
        begin = self._until - self._window - _EARLY if reported.begin is None else reported.begin
        whose = f"resource.service.name={json.dumps(service)} && resource.service.instance.id={json.dumps(instance)}"
        stored = _total(self._count(f"{{{whose}}} | count_over_time()", begin, reported.end))
        if not stored and reported.spans.produced and self._holds(f"{{{whose}}}", begin, reported.end):
            raise StackError(
                f"cannot tell: Tempo holds spans of {service} and counts none of them",
                "After a restart Tempo counts again from the first span that it gets: ask again then.",
            )
        return stored

    def _holds(self, query: str, begin: float, end: float) -> bool:
        """Whether a search finds any: it looks into what was stored, which Tempo's counts may not do yet."""
        parameters: dict[str, str | int] = {"q": query, "start": int(begin), "end": int(end) + 1, "limit": 1}
        response = self._ask("/api/search", parameters)
        return bool(response.get("traces"))

    def _count(self, query: str, begin: float, end: float) -> list[dict[str, Any]]:
        parameters: dict[str, str | int] = {"q": query, "start": int(begin * 1e9), "end": int(end * 1e9)}
        return list(self._ask("/api/metrics/query", parameters).get("series") or [])

    def _ask(self, path: str, parameters: Mapping[str, str | int]) -> Any:
        try:
            return self._tempo.get(path, params=dict(parameters)).raise_for_status().json()
        except httpx.HTTPStatusError as error:
            raise StackError(f"Tempo refuses a query of the ledger: {error.response.text.strip()}") from None
        except httpx.HTTPError as error:
            raise StackError(
                f"Tempo cannot be reached: {no_answer(error)}", "See what runs with: botobs status"
            ) from None

    def _before(self, metric: str) -> str:
        return f"last_over_time({metric}[1d] offset {self._window}s)"

    def _query(self, promql: str, at: float | None = None) -> list[dict[str, Any]]:
        return list(self._prometheus.query(promql, self._until if at is None else at)["result"])


def _total(series: list[dict[str, Any]]) -> int:
    return sum(round(float(one.get("value", 0))) for one in series)


def _key(one: dict[str, Any], *labels: str) -> Key:
    return tuple(one["metric"].get(label, "") for label in (_SERVICE, *labels))


def _identity(one: dict[str, Any]) -> Key:
    """A series apart from its name, which some functions take off."""
    return tuple(f"{name}={value}" for name, value in sorted(one["metric"].items()) if name != "__name__")


def _reasons(counts: dict[Key, int], service: str) -> dict[str, int]:
    return {key[1]: count for key, count in counts.items() if key[0] == service and count}
