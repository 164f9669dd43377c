"""Reads the ledger out of Prometheus, where services and collector tell what they did, and Tempo, where spans are."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import httpx

from ...semconv import sdk
from ..errors import StackError
from ._account import Account, Exports, Spans

#: Seconds after which what was acknowledged can be counted in Tempo: the queue's and Tempo's own flushes.
SETTLE = 15.0
#: Seconds ahead of the window in which a span may have started that was sent within it.
_EARLY = 300
_SERVICE = "service_name"
_OFFERED = "botobs_collector_sampling_offered_spans_total"
_KEPT = "botobs_collector_sampling_kept_spans_total"
#: What the collector writes on spans that may be sampled out: collector/sampling.yaml.
_POLLS = ' && span.botobs.sampling="poll"'
_REFUSED = "botobs_collector_refused_points_total"

Key = tuple[str, ...]


def read(prometheus: httpx.Client, tempo: httpx.Client, last: float, now: float) -> list[Account]:
    """The accounts of all services that have told anything about themselves.

    Args:
        prometheus: A client with its address.
        tempo: The same for Tempo.
        last: Seconds to look back.
        now: Seconds since the epoch. What was sent within the last `SETTLE` seconds is left out.

    Raises:
        StackError: One of the two cannot be asked.
    """
    return _Reader(prometheus, tempo, int(last), now - SETTLE, now).accounts()


class _Reader:
    def __init__(
        self, prometheus: httpx.Client, tempo: httpx.Client, window: int, until: float, now: float
    ) -> None:
        self._prometheus, self._tempo = prometheus, tempo
        self._window, self._until, self._now = window, until, now

    def accounts(self) -> list[Account]:
        produced = self._grown(sdk.SPANS_STARTED.prometheus_name)
        acknowledged = self._grown(sdk.EXPORTED.prometheus_name + '{signal="traces"}')
        dropped = self._grown(sdk.DROPPED.prometheus_name + '{signal="traces"}', sdk.REASON)
        offered, kept = self._added_up(_OFFERED), self._added_up(_KEPT)
        refused = self._added_up(_REFUSED, "botobs_guard")
        told_at = self._told_at()
        exports = self._exports()
        accounts = []
        for service in sorted({key[0] for key in (*produced, *exports, *refused)}):
            key = (service,)
            spans = Spans(
                produced.get(key, 0),
                _reasons(dropped, service),
                acknowledged.get(key, 0),
                self._sampled_out(service, offered.get(key, 0), kept.get(key, 0)),
                self._stored(service, self._now + 1),
                self._stored(service, told_at.get(key, self._until)),
            )
            accounts.append(Account(service, spans, exports.get(key, Exports()), _reasons(refused, service)))
        return accounts

    def _grown(self, selector: str, *labels: str) -> dict[Key, int]:
        """By how much counters have grown that start at zero with their process, exactly."""
        end = f"last_over_time({selector}[{self._window}s])"
        begin = f"last_over_time({selector}[1d] offset {self._window}s)"
        by = ", ".join((_SERVICE, *labels))
        result = self._query(f"sum by ({by}) ({end} - ({begin} or {end} * 0))")
        return {_key(one, *labels): round(float(one["value"][1])) for one in result}

    def _added_up(self, metric: str, *labels: str) -> dict[Key, int]:
        """The same for counters of the collector, which begin anew when it does."""
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

    def _told_at(self) -> dict[Key, float]:
        """When the processes of a service last told how many spans they had started, the first of those that live."""
        result = self._query(f"min by ({_SERVICE}) (timestamp({sdk.SPANS_STARTED.prometheus_name}))")
        return {_key(one): float(one["value"][1]) for one in result}

    def _sampled_out(self, service: str, offered: int, kept: int) -> int:
        """What was offered to a sampler and not kept.

        A sampler that is killed takes with it what it had not told yet of what it kept, and one of a tier of its own
        tells nothing by service: polls that are stored were kept, whatever the counter says.
        """
        if not offered:
            return 0
        return max(0, offered - max(kept, self._stored(service, self._until, _POLLS)))

    def _stored(self, service: str, end: float, condition: str = "") -> int:
        begin = self._until - self._window - _EARLY
        query = f"{{resource.service.name={json.dumps(service)}{condition}}} | count_over_time()"
        parameters: dict[str, str | int] = {"q": query, "start": int(begin), "end": int(end)}
        answer = _asked("Tempo", lambda: self._tempo.get("/api/metrics/query", params=parameters))
        return sum(round(float(one.get("value", 0))) for one in answer.get("series") or [])

    def _before(self, metric: str) -> str:
        return f"last_over_time({metric}[1d] offset {self._window}s)"

    def _query(self, promql: str) -> list[dict[str, Any]]:
        parameters = {"query": promql, "time": str(self._until)}
        answer = _asked("Prometheus", lambda: self._prometheus.post("/api/v1/query", data=parameters))
        return list(answer["data"]["result"])


def _asked(name: str, ask: Callable[[], httpx.Response]) -> Any:
    try:
        return ask().raise_for_status().json()
    except httpx.HTTPStatusError as error:
        raise StackError(f"{name} refuses a query of the ledger: {error.response.text.strip()}") from None
    except httpx.HTTPError as error:
        raise StackError(f"{name} does not answer ({error})", "See what runs with: botobs status") from None


def _key(one: dict[str, Any], *labels: str) -> Key:
    return tuple(one["metric"].get(label, "") for label in (_SERVICE, *labels))


def _identity(one: dict[str, Any]) -> Key:
    """A series apart from its name, which some functions take off."""
    return tuple(f"{name}={value}" for name, value in sorted(one["metric"].items()) if name != "__name__")


def _reasons(counts: dict[Key, int], service: str) -> dict[str, int]:
    return {key[1]: count for key, count in counts.items() if key[0] == service and count}
