"""Asks Tempo over its HTTP API."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx

from ..errors import UserError, no_answer
from .model import Trace, attributes_of
from .query import build_query, newest
from .source import Found, NoSuchTrace, Summary, Wanted, full_id, full_trace_id

#: As many as Tempo gives of one trace.
_SPANS_OF_A_TRACE = 100


class TempoError(UserError):
    """Tempo cannot be reached, or it returned an error."""


class TempoClient:
    """Searches and fetches.

    Args:
        http: Client with Tempo's base address and whatever credentials it needs.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def find(self, wanted: Wanted, last: float, limit: int) -> list[Summary]:
        """Traces of the last `last` seconds that meet all that is wanted, the newest first.

        Raises:
            TempoError: Tempo cannot be reached or refuses the query.
        """
        query = wanted.query or build_query(wanted.service, wanted.min_duration, wanted.error, wanted.order)
        return self.search(query, last, limit)

    def search(
        self, query: str, last: float = 3600.0, limit: int = 20, spans_per_trace: int = 3
    ) -> list[Summary]:
        """The newest traces that meet a TraceQL query, newest first.

        Args:
            query: TraceQL.
            last: How many seconds to look back.
            limit: How many traces at most.
            spans_per_trace: Up to how many matching spans are counted in each.

        Raises:
            TempoError: Tempo cannot be reached or refuses the query.
        """
        now = time.time()
        parameters: dict[str, str | int] = {
            "q": newest(query),
            "start": int(now - last),
            # The end is exclusive and in whole seconds.
            "end": int(now) + 1,
            "limit": limit,
            "spss": spans_per_trace,
        }
        body = self._get("/api/search", parameters)
        found = [Summary.from_json(raw) for raw in body.get("traces") or []]
        return sorted(found, key=lambda summary: summary.start_ns, reverse=True)

    def spans(self, query: str, begin: float, end: float, limit: int) -> list[Found]:
        """The spans that meet a TraceQL query, with the attributes that it selects.

        Args:
            query: TraceQL.
            begin: Seconds since the epoch.
            end: The same, exclusive.
            limit: How many traces at most.

        Raises:
            TempoError: Tempo cannot be reached or refuses the query.
        """
        parameters: dict[str, str | int] = {
            "q": newest(query),
            "start": int(begin),
            "end": int(end) + 1,
            "limit": limit,
            "spss": _SPANS_OF_A_TRACE,
        }
        body = self._get("/api/search", parameters)
        return [
            Found(
                full_trace_id(raw),
                span["spanID"].rjust(16, "0"),
                int(span.get("startTimeUnixNano", 0)),
                attributes_of(span),
            )
            for raw in body.get("traces") or []
            for spans in raw.get("spanSets") or ([raw["spanSet"]] if raw.get("spanSet") else [])
            for span in spans.get("spans") or []
        ]

    def trace(self, trace_id: str) -> Trace:
        """The trace with the given id.

        Raises:
            NoSuchTrace: Tempo has none.
            TempoError: Tempo cannot be reached.
            UserError: The id is not one.
        """
        trace_id = full_id(trace_id)
        trace = Trace.from_otlp(trace_id, self._get(f"/api/v2/traces/{trace_id}", {}))
        if not trace.spans:
            raise NoSuchTrace(
                f"Tempo has no trace {trace_id}; it may be older than what is kept, or not there yet"
            )
        return trace

    def _get(self, path: str, parameters: Mapping[str, str | int]) -> Any:
        try:
            response = self._http.get(path, params=dict(parameters))
        except httpx.HTTPError as error:
            raise TempoError(
                f"Tempo at {self._http.base_url} cannot be reached: {no_answer(error)}"
            ) from error
        if response.status_code == 404:
            return {}
        if response.is_error:
            raise TempoError(f"Tempo answered {response.status_code}: {response.text.strip()[:500]}")
        return response.json()
