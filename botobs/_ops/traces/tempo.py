"""Asks Tempo over its HTTP API."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ..errors import UserError
from .model import Trace, Value, attributes_of, hex_id
from .query import newest

#: As many as Tempo gives of one trace.
_SPANS_OF_A_TRACE = 100
_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")


class TempoError(UserError):
    """Tempo cannot be reached, or it returned an error."""


class NoSuchTrace(TempoError):
    """Tempo has no trace with the requested id."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace in the answer to a search.

    Attributes:
        root_service: Service of its root span; empty when Tempo has not seen the root.
        root_name: Name of its root span.
        start_ns: Nanoseconds since the epoch.
        duration: Seconds.
        matched: How many of its spans met the query.
        longest: Seconds of the longest of those that the answer holds; 0 where it holds none.
    """

    trace_id: str
    root_service: str
    root_name: str
    start_ns: int
    duration: float
    matched: int
    longest: float = 0.0

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Summary:
        """Read one element of `traces` in the answer of `/api/search`."""
        sets = raw.get("spanSets") or ([raw["spanSet"]] if raw.get("spanSet") else [])
        return cls(
            trace_id=raw["traceID"].rjust(32, "0"),
            root_service=raw.get("rootServiceName", ""),
            root_name=raw.get("rootTraceName", ""),
            start_ns=int(raw.get("startTimeUnixNano", 0)),
            duration=int(raw.get("durationMs", 0)) / 1000,
            matched=sum(int(spans.get("matched", 0)) for spans in sets),
            longest=max(
                (
                    int(span.get("durationNanos", 0)) / 1e9
                    for spans in sets
                    for span in spans.get("spans") or ()
                ),
                default=0.0,
            ),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A span in the answer to a search, with the attributes that were selected.

    Attributes:
        start_ns: Nanoseconds since the epoch.
    """

    trace_id: str
    span_id: str
    start_ns: int
    attributes: Mapping[str, Value]


class TempoClient:
    """Searches and fetches.

    Args:
        http: Client with Tempo's base address and whatever credentials it needs.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

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
                raw["traceID"].rjust(32, "0"),
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
            TempoError: The id is not one, or Tempo cannot be reached.
        """
        if not _TRACE_ID.fullmatch(trace_id):
            raise TempoError(f"{trace_id!r} is not a trace id: it has up to 32 hexadecimal digits")
        trace_id = hex_id(trace_id.rjust(32, "0"))
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
            raise TempoError(f"Tempo at {self._http.base_url} cannot be reached: {error}") from error
        if response.status_code == 404:
            return {}
        if response.is_error:
            raise TempoError(f"Tempo answered {response.status_code}: {response.text.strip()[:500]}")
        return response.json()
