"""Cuts what a large span holds and never sends, so that its text of many megabytes does not wait in the queue.

A text of the service's is not copied when it becomes an attribute, and is cut only when it is encoded.
"""

from __future__ import annotations

from collections import deque
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
    length = limits.value_length
    if details.events is not None:
        shorter = [event._replace(name=head(event.name)) for event in details.events]
        details.events = deque(
            event._replace(attributes=_shorter(event.attributes, length)) for event in shorter
        )
    if details.links is not None:
        details.links = deque(
            link._replace(attributes=_shorter(link.attributes, length)) for link in details.links
        )


def _shorter(attributes: dict[str, Any], length: int | None) -> dict[str, Any]:
    if length is None:
        return attributes
    # One more than the export looks at, so that it knows of the cut.
    most = length + CUT_MARGIN + 1
    return {key[:most]: truncate(value, most) for key, value in attributes.items()}
