"""Traces as text and as nested dictionaries, for people and for snapshots."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from ._model import Span


def render(spans: Sequence[Span], attributes: Collection[str] | None, durations: bool) -> str:
    """One line a span, children below their parents; see `Capture.tree`."""
    names = {span.span_id: span.name for span in spans}
    return "\n".join(
        line
        for root in _roots(spans)
        for span, depth in _walk(root, spans, 0)
        for line in _lines(span, "  " * depth, names, attributes, durations)
    )


def nest(spans: Sequence[Span]) -> list[dict[str, Any]]:
    """The same as dictionaries; what is empty is left out."""
    names = {span.span_id: span.name for span in spans}

    def nested(span: Span) -> dict[str, Any]:
        described: dict[str, Any] = {
            "name": span.name,
            "kind": span.kind,
            "attributes": dict(span.attributes),
            "status": span.status,
            "events": [{"name": event.name, "attributes": dict(event.attributes)} for event in span.events],
            "links": [names.get(span_id, span_id) for _, span_id in span.links],
            "children": [nested(child) for child in _children(span, spans)],
        }
        defaults = {"kind": "internal", "status": "unset"}
        return {key: value for key, value in described.items() if value and value != defaults.get(key)}

    return [nested(root) for root in _roots(spans)]


def _roots(spans: Sequence[Span]) -> list[Span]:
    """Spans without a parent among `spans`: those of other processes are not there."""
    known = {span.span_id for span in spans}
    return [span for span in spans if span.parent_id not in known]


def _children(parent: Span, spans: Sequence[Span]) -> list[Span]:
    return [span for span in spans if span.parent_id == parent.span_id and span.trace_id == parent.trace_id]


def _walk(span: Span, spans: Sequence[Span], depth: int) -> Iterator[tuple[Span, int]]:
    yield span, depth
    for child in _children(span, spans):
        yield from _walk(child, spans, depth + 1)


def _lines(
    span: Span, indent: str, names: dict[str, str], attributes: Collection[str] | None, durations: bool
) -> Iterator[str]:
    kind = "" if span.kind == "internal" else f" ({span.kind})"
    duration = f" {span.duration * 1000:.3f} ms" if durations else ""
    yield f"{indent}{span.name}{kind}{duration}"
    for key in sorted(span.attributes):
        if attributes is None or key in attributes:
            yield f"{indent}  {key}: {span.attributes[key]}"
    if span.status != "unset":
        yield f"{indent}  status: {span.status} {span.status_message}".rstrip()
    for event in span.events:
        yield f"{indent}  * {event.name}"
    for _, span_id in span.links:
        yield f"{indent}  > {names.get(span_id, span_id)}"
