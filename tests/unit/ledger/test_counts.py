"""What Tempo holds and does not count is not missing: the ledger cannot tell."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from botobs._ops.errors import StackError
from botobs._ops.ledger._account import Spans
from botobs._ops.ledger._processes import Reported
from botobs._ops.ledger._read import _Reader

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
