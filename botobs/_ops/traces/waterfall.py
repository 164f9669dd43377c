"""Lays the spans of a trace out as rows of a waterfall: parents above children, each at its place in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from .model import Span, Trace, Value

#: Attributes worth a place in a row, the most telling first; and how each is called there.
SHOWN = (
    ("db.query.summary", ""),
    ("db.query.text", ""),
    ("exchange.symbol", ""),
    ("exchange.order.side", ""),
    ("exchange.order.type", ""),
    ("exchange.order.client_id", "order"),
    ("exchange.throttle.wait", "throttled"),
    ("botobs.db.connection.wait", "waited for a connection"),
    ("botobs.event_loop.lag", "loop blocked"),
    ("botobs.gc.pause", "garbage collected"),
    ("http.response.status_code", "status"),
    ("error.type", "error"),
)

#: Those that are lengths of time, in seconds.
_SECONDS = frozenset(
    {"exchange.throttle.wait", "botobs.db.connection.wait", "botobs.event_loop.lag", "botobs.gc.pause"}
)

#: Longest value that is shown whole.
LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One span in the waterfall.

    Attributes:
        depth: How many ancestors it has in the trace.
        offset: Seconds from the start of the trace to its start.
        orphan: Its parent is not among the trace's spans.
        details: Selected attributes, ready to be shown.
    """

    span: Span
    depth: int
    offset: float
    orphan: bool
    details: str


def lay_out(trace: Trace) -> list[Row]:
    """Rows in reading order: every span before its children, siblings by start.

    A span whose parent is missing, which happens while a trace is still arriving, is shown as a root. A cycle, which
    broken instrumentation can make, is cut at its earliest span.
    """
    spans = {
        span.span_id: span for span in sorted(trace.spans, key=lambda span: (span.start_ns, span.span_id))
    }
    children: dict[str, list[Span]] = defaultdict(list)
    roots: list[Span] = []
    for span in spans.values():
        if span.parent_id in spans and span.parent_id != span.span_id:
            children[span.parent_id].append(span)
        else:
            roots.append(span)
    rows: list[Row] = []
    seen: set[str] = set()
    # After the roots, whatever was not reached from one hangs in a cycle.
    for start in (*roots, *spans.values()):
        pending = [(start, 0)]
        while pending:
            span, depth = pending.pop()
            if span.span_id in seen:
                continue
            seen.add(span.span_id)
            rows.append(_row(trace, span, depth, orphan=bool(span.parent_id) and span.parent_id not in spans))
            pending.extend((child, depth + 1) for child in reversed(children[span.span_id]))
    return rows


def bar(offset: float, duration: float, total: float, width: int) -> tuple[int, int]:
    """Where a span's bar starts and how long it is, in characters of a line that is `width` long.

    Every span gets at least one character and stays within the line.
    """
    if total <= 0:
        return 0, width
    start = min(width - 1, int(offset / total * width))
    length = max(1, round(duration / total * width))
    return start, min(length, width - start)


def _row(trace: Trace, span: Span, depth: int, orphan: bool) -> Row:
    offset = (span.start_ns - trace.start_ns) / 1e9
    return Row(span, depth, offset, orphan, describe(span.attributes))


def describe(attributes: Mapping[str, Value]) -> str:
    """The attributes of `SHOWN` that a span has, in one line; the statement only where it has no summary."""
    parts = []
    for name, label in SHOWN:
        value = attributes.get(name)
        if value is None or (name == "db.query.text" and "db.query.summary" in attributes):
            continue
        text = f"{value:.3g}" if isinstance(value, float) else " ".join(str(value).split())
        if name in _SECONDS:
            text = f"{text} s"
        if len(text) > LONGEST_VALUE:
            text = f"{text[: LONGEST_VALUE - 1]}…"
        parts.append(f"{label} {text}" if label else text)
    return " · ".join(parts)
