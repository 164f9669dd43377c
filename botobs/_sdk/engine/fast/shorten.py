"""Cuts what a large span holds and never sends, so that its text of many megabytes does not wait in the queue.

A text of the service's is not copied when it becomes an attribute, and is cut only when it is encoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Status

from ...redaction import CUT_MARGIN
from ...safe import head
from .attributes import truncate

if TYPE_CHECKING:
    from .span import FastSpan


def shorten(span: FastSpan) -> None:
    """Cut texts of an ended span to the part that the export looks at."""
    limits = span._tracer.limits
    span._name = head(span._name)
    span._attributes = _shorter(span._attributes, limits.attribute_length)
    details = span._details
    if details is None:
        return
    if details.status is not None and details.status.description:
        details.status = Status(details.status.status_code, head(details.status.description))
    for items in (details.events, details.links):
        for _ in range(len(items or ())):
            item: Any = items.popleft()
            shorter = item._replace(attributes=_shorter(item.attributes, limits.value_length))
            items.append(shorter._replace(name=head(item.name)) if items is details.events else shorter)


def _shorter(attributes: dict[str, Any], length: int | None) -> dict[str, Any]:
    if length is None:
        return attributes
    # One more than the export looks at: it tells that there was more.
    most = length + CUT_MARGIN + 1
    return {key[:most]: truncate(value, most) for key, value in attributes.items()}
