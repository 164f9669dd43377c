"""Where failed traces fail first, which all else in them follows from, and which calls to exchanges fail in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..._sdk.instrument.exchange.names import SUBMITS
from ...semconv import exchange
from ..traces import Trace
from ..traces.model import Kind, Span
from .answer import Errors, Origin

_DATABASE = ("db.system.name", "db.system")


def origins(traces: Iterable[Trace]) -> tuple[Origin, ...]:
    """The origins of failed traces, those of most traces first."""
    found = Counter(origin for trace in traces for origin in _of(trace))
    return tuple(Origin(kind, name, count) for (kind, name), count in found.most_common())


def failed_calls(traces: Iterable[Trace]) -> tuple[Errors, ...]:
    """The failed calls to exchanges in traces, most first: urgent ones are here before they are counted."""
    found = Counter(
        (
            _said(span, exchange.NAME),
            _said(span, exchange.OPERATION),
            category,
            _said(span, "error.type"),
            span.service,
        )
        for trace in traces
        for span in trace.spans
        if span.error and (category := _said(span, exchange.ERROR_CATEGORY)) and not _too_late(span)
    )
    return tuple(
        Errors(where, operation, category, kind, count, service)
        for (where, operation, category, kind, service), count in found.most_common()
    )


def _said(span: Span, name: str) -> str:
    return str(span.attributes.get(name, ""))


def _of(trace: Trace) -> set[tuple[str, str]]:
    failed = {span.span_id: span for span in trace.spans if span.error and not _too_late(span)}
    passed_on = {span.parent_id for span in failed.values()}
    return {_what(span) for span in failed.values() if span.span_id not in passed_on}


def _too_late(span: Span) -> bool:
    """Whether it is about an order that was filled or cancelled just before: no fault of anybody's."""
    category, operation = (
        span.attributes.get(each) for each in (exchange.ERROR_CATEGORY, exchange.OPERATION)
    )
    return category == "order" and operation not in SUBMITS


def _what(span: Span) -> tuple[str, str]:
    if any(name in span.attributes for name in _DATABASE):
        return "database", str(span.attributes.get("db.namespace", ""))
    if span.kind is Kind.CLIENT and exchange.NAME in span.attributes:
        return "exchange", str(span.attributes[exchange.NAME])
    return "service", span.service
