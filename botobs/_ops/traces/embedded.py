"""Looks for traces in the embedded store."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

from ..embedded import otlp
from ..embedded.store import Store
from ..errors import UserError
from .model import Trace
from .query import SUBMITTING
from .source import Found, NoSuchTrace, Summary, Wanted, full_id

_SUBMITTING = re.compile(SUBMITTING)
_SUMMARY = """
SELECT
    trace_id,
    min(start_ns),
    max(end_ns),
    (SELECT service || char(0) || name FROM spans AS root
     WHERE root.trace_id = spans.trace_id AND root.parent_id = x'' ORDER BY start_ns LIMIT 1)
FROM spans
"""


class EmbeddedTraces:
    """Traces of the embedded store; with the queries that `TempoClient` has.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, wanted: Wanted, last: float, limit: int) -> list[Summary]:
        """Traces of the last `last` seconds that meet all that is wanted, the newest first.

        Raises:
            UserError: A query in TraceQL is wanted, which is Tempo's language.
        """
        if wanted.query:
            raise UserError(
                "--query is for Tempo's language: the embedded store does not know it\n"
                "It knows --service, --error, --order and --min-duration; botobs up starts a Tempo."
            )
        conditions = ["trace_id IN (SELECT trace_id FROM spans WHERE start_ns >= ?)"]
        parameters: list[int | str] = [round((time.time() - last) * 1e9)]
        if wanted.service is not None:
            conditions.append("trace_id IN (SELECT trace_id FROM spans WHERE service = ?)")
            parameters.append(wanted.service)
        if wanted.error:
            conditions.append("trace_id IN (SELECT trace_id FROM spans WHERE error)")
        if wanted.order is not None:
            conditions.append(
                "trace_id IN (SELECT trace_id FROM spans WHERE client_order_id = ? OR order_id = ?)"
            )
            parameters += [wanted.order, wanted.order]
        least = round((wanted.min_duration or 0.0) * 1e9)
        rows = self._store.rows(
            f"{_SUMMARY} WHERE {' AND '.join(conditions)} GROUP BY trace_id "
            "HAVING max(end_ns) - min(start_ns) >= ? ORDER BY min(start_ns) DESC LIMIT ?",
            (*parameters, least, limit),
        )
        return [_summary(*row) for row in rows]

    def trace(self, trace_id: str) -> Trace:
        """The trace with the given id.

        Raises:
            NoSuchTrace: The store has none.
            UserError: The id is not one.
        """
        trace_id = full_id(trace_id)
        wanted = bytes.fromhex(trace_id)
        numbers = self._store.rows("SELECT DISTINCT request FROM spans WHERE trace_id = ?", (wanted,))
        resources = []
        for request in self._store.requests([number for (number,) in numbers]):
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    _keep(scope.spans, lambda span: span.trace_id == wanted)
            resources += MessageToDict(request)["resourceSpans"]
        trace = Trace.from_otlp(trace_id, {"resourceSpans": resources})
        if not trace.spans:
            raise NoSuchTrace(
                f"the embedded store has no trace {trace_id}; it may be older than what is kept, or not there yet"
            )
        return trace

    def named(self, name: str, begin: float, end: float) -> list[Found]:
        """The spans with a name that began in a time, in seconds since the epoch."""
        return self._found(
            self._store.rows(
                "SELECT request, span_id FROM spans WHERE name = ? AND start_ns >= ? AND start_ns < ?",
                (name, round(begin * 1e9), round(end * 1e9)),
            )
        )

    def unanswered(self, begin: float, end: float) -> list[Found]:
        """The spans `order submitted` within a time whose parent span has not ended yet."""
        rows = self._store.rows(
            "SELECT submitted.request, submitted.span_id, above.name FROM spans AS submitted LEFT JOIN spans AS above "
            "ON above.trace_id = submitted.trace_id AND above.span_id = submitted.parent_id "
            "WHERE submitted.name = 'order submitted' AND submitted.start_ns >= ? AND submitted.start_ns < ?",
            (round(begin * 1e9), round(end * 1e9)),
        )
        return self._found(
            (request, span_id)
            for request, span_id, above in rows
            if above is None or not _SUBMITTING.fullmatch(above)
        )

    def _found(self, rows: Iterable[tuple[int, bytes]]) -> list[Found]:
        wanted: dict[int, set[bytes]] = {}
        for request, span_id in rows:
            wanted.setdefault(request, set()).add(span_id)
        return [
            _with_attributes(resource, span)
            for number, ids in wanted.items()
            for request in self._store.requests([number])
            for resource, span in otlp.spans(request)
            if span.span_id in ids
        ]


def _summary(trace_id: bytes, start_ns: int, end_ns: int, root: str | None) -> Summary:
    service, _, name = (root or "").partition("\0")
    return Summary(trace_id.hex(), service, name, start_ns, (end_ns - start_ns) / 1e9)


def _keep(spans: Any, wanted: Any) -> None:
    kept = [span for span in spans if wanted(span)]
    del spans[:]
    spans.extend(kept)


def _with_attributes(resource: dict[str, Any], span: Any) -> Found:
    attributes = {**resource, **otlp.attributes(span)}
    return Found(span.trace_id.hex(), span.span_id.hex(), span.start_time_unix_nano, attributes)
