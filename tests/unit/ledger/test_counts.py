"""What Tempo holds and does not count is not missing: the ledger cannot tell."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from botobs._ops import ledger
from botobs._ops.errors import StackError
from botobs._ops.ledger import Account
from botobs._ops.ledger._account import Spans
from botobs._ops.ledger._processes import Reported
from botobs._ops.ledger._read import _LOST, _Reader

_NOW = 1_700_000_000.0


def _reader(series: list[dict[str, Any]], traces: list[dict[str, Any]]) -> _Reader:
    def answer(request: httpx.Request) -> httpx.Response:
        found = {"series": series} if request.url.path == "/api/metrics/query" else {"traces": traces}
        return httpx.Response(200, json=found)

    tempo = httpx.Client(base_url="http://tempo", transport=httpx.MockTransport(answer))
    return _Reader(tempo, tempo, 600, _NOW - 15, _NOW)


def _stored(series: list[dict[str, Any]], traces: list[dict[str, Any]], produced: int = 500) -> int:
    reported = Reported(None, _NOW - 20, Spans(produced=produced))
    return _reader(series, traces)._stored_of("engine", "one", reported)


def test_spans_that_are_found_and_not_counted() -> None:
    with pytest.raises(StackError, match="Tempo holds spans of engine and counts none"):
        _stored([], [{"traceID": "1"}])


def test_spans_that_are_nowhere() -> None:
    assert _stored([], []) == 0


def test_spans_that_are_counted() -> None:
    assert _stored([{"value": 499}], [{"traceID": "1"}]) == 499


def test_a_service_without_spans_is_not_looked_for() -> None:
    assert _stored([], [{"traceID": "1"}], produced=0) == 0


class _Stores:
    """Prometheus and Tempo as they answer for one service: its reports by instance, and spans in Tempo by instance."""

    def __init__(self, reports: dict[str, list[float]], stored: dict[str, int], sending: set[str]) -> None:
        self.reports, self.stored, self.sending = reports, stored, sending

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = dict(httpx.QueryParams(request.content.decode())) | dict(request.url.params)
        query = asked.get("query", "") + asked.get("q", "")
        if request.url.path == "/api/metrics/query":
            found = sum(count for name, count in self.stored.items() if f'"{name}"' in query)
            return httpx.Response(200, json={"series": [{"value": found}]})
        if request.url.path == "/api/search":
            return httpx.Response(200, json={"traces": []})
        return httpx.Response(200, json={"status": "success", "data": {"result": self._result(query)}})

    def _result(self, query: str) -> list[dict[str, Any]]:
        metric = {"service_name": "engine"}
        if query.startswith("sum by (service_name, service_instance_id)"):
            return [
                {"metric": metric | {"service_instance_id": one}, "value": [0, "1"]} for one in self.sending
            ]
        if query.startswith(("botobs_sdk_spans_started_total[", "botobs_sdk_exported_total")):
            return [
                {"metric": metric | {"service_instance_id": one}, "values": _at_intervals(values)}
                for one, values in self.reports.items()
            ]
        return []


def _at_intervals(values: list[float]) -> list[tuple[float, str]]:
    """The last one a minute ago."""
    return [(_NOW - 60 - 15 * place, str(value)) for place, value in enumerate(reversed(values))][::-1]


def _account(
    reports: dict[str, list[float]], stored: dict[str, int], sending: set[str], now: float = _NOW
) -> Account:
    stores = httpx.Client(
        base_url="http://store", transport=httpx.MockTransport(_Stores(reports, stored, sending))
    )
    [account] = ledger.read(stores, stores, 600, now).accounts
    return account


def test_who_reports_is_accounted_for() -> None:
    account = _account({"one": [100, 200, 300]}, {"one": 260}, {"one"})
    assert (account.tells, account.spans.produced, account.spans.missing) == (True, 300, 40)


def test_instances_that_were_joined_are_not_missing() -> None:
    """The intake has called those that are too many `others`: their spans are there under that name."""
    account = _account({"one": [100], "two": [50]}, {"one": 100, "others": 50}, {"one"})
    assert (account.spans.produced, account.spans.missing) == (150, 0)


def test_who_has_stopped_reporting_and_sends_is_unknown() -> None:
    """As if each metric export were refused since some time."""
    later = _NOW + 300
    assert not _account({"one": [100, 200]}, {"one": 200}, {"one"}, later).tells
    # It has ended.
    assert _account({"one": [100, 200]}, {"one": 200}, set(), later).tells


def test_two_processes_of_one_name_are_unknown_and_no_loss() -> None:
    account = _account({"one": [100, 5, 101, 6, 102, 7, 103, 8, 104]}, {"one": 112}, {"one"})
    assert not account.tells
    assert account.complete


def test_what_the_intake_took_from_nobody_in_particular_is_lost() -> None:
    lost = {selector for selector, _ in _LOST}
    assert 'botobs_intake_refused_total{reason=~"malformed|service|unknown"}' in lost
    assert {
        "botobs_intake_rejected_points_total",
        'otelcol_deltatocumulative_datapoints_total{error!=""}',
    } <= lost
