"""Span limits as plain numbers."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from opentelemetry.sdk.trace import SpanLimits


def _number(limit: int | None) -> int:
    return sys.maxsize if limit is None else limit


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one span; a missing limit is the largest number.

    Attributes:
        attributes: Attributes of a span.
        event_attributes: Attributes of an event.
        link_attributes: Attributes of a link.
        events: Events of a span.
        links: Links of a span.
        attribute_length: Characters of a span attribute's string; `None` means all.
        value_length: Characters of an event's or a link's attribute's string; `None` means all.
    """

    attributes: int
    event_attributes: int
    link_attributes: int
    events: int
    links: int
    attribute_length: int | None
    value_length: int | None

    @classmethod
    def of(cls, limits: SpanLimits) -> Limits:
        """The SDK's limits as numbers."""
        return cls(
            attributes=_number(limits.max_span_attributes),
            event_attributes=_number(limits.max_event_attributes),
            link_attributes=_number(limits.max_link_attributes),
            events=_number(limits.max_events),
            links=_number(limits.max_links),
            attribute_length=limits.max_span_attribute_length,
            value_length=limits.max_attribute_length,
        )
