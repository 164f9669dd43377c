"""How a fast span looks to those who read it: upstream processors and exporters, tests, instrumentations."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, SpanContext, Status, StatusCode

from .attributes import clean

if TYPE_CHECKING:
    from .span import FastSpan

_UNSET = Status(StatusCode.UNSET)


class ReadingMixin:
    """The properties of `ReadableSpan`, computed when read: attributes are validated and limited here."""

    __slots__ = ()

    @property
    def context(self: FastSpan) -> SpanContext:
        """The span's own context."""
        return self.get_span_context()

    @staticmethod
    def _unstarted_context() -> SpanContext:
        return INVALID_SPAN_CONTEXT

    @property
    def parent(self: FastSpan) -> SpanContext | None:
        """The parent's context, or `None` for a root span."""
        parent = self._parent
        if isinstance(parent, int) and self._trace is not None:
            trace_id, flags, state, _ = self._trace
            return SpanContext(trace_id, parent, is_remote=False, trace_flags=flags, trace_state=state)
        return parent if isinstance(parent, SpanContext) else None

    @property
    def resource(self: FastSpan) -> Resource:
        """The process that the span comes from."""
        return self._tracer.provider.resource

    @property
    def instrumentation_scope(self: FastSpan) -> InstrumentationScope:
        """The code that the span comes from."""
        return self._tracer.scope

    @property
    def instrumentation_info(self: FastSpan) -> Any:
        """Superseded by `instrumentation_scope`."""
        return self._tracer.scope

    @property
    def start_time(self: FastSpan) -> int | None:
        """Nanoseconds since the epoch."""
        return None if self._trace is None else self._trace[3] + self._start

    @property
    def end_time(self: FastSpan) -> int | None:
        """Nanoseconds since the epoch; `None` while the span runs."""
        return None if self._trace is None or self._end is None else self._trace[3] + self._end

    @property
    def status(self: FastSpan) -> Status:
        """The status, unset by default."""
        return (self._details and self._details.status) or _UNSET

    def _clean_attributes(self: FastSpan) -> tuple[dict[str, Any], int]:
        limits = self._tracer.limits
        attributes, dropped = clean(self._attributes or {}, limits.attributes, limits.attribute_length)
        return attributes, dropped + (self._details.dropped_attributes if self._details else 0)

    @property
    def attributes(self: FastSpan) -> MappingProxyType[str, Any]:
        """The valid attributes within the limits."""
        return MappingProxyType(self._clean_attributes()[0])

    @property
    def dropped_attributes(self: FastSpan) -> int:
        """How many attributes were invalid or beyond the limit."""
        return self._clean_attributes()[1]

    @property
    def events(self: FastSpan) -> tuple[Event, ...]:
        """The events within the limits."""
        limits = self._tracer.limits
        recorded = (self._details and self._details.events) or ()
        return tuple(
            Event(
                event.name,
                BoundedAttributes(
                    limits.event_attributes, event.attributes, max_value_len=limits.value_length
                ),
                event.timestamp,
            )
            for event in recorded
        )

    @property
    def dropped_events(self: FastSpan) -> int:
        """How many events were beyond the limit."""
        return self._details.dropped_events if self._details else 0

    @property
    def links(self: FastSpan) -> tuple[Link, ...]:
        """The links within the limits."""
        limits = self._tracer.limits
        recorded: Sequence[Any] = (self._details and self._details.links) or ()
        return tuple(
            Link(
                link.context,
                BoundedAttributes(limits.link_attributes, link.attributes, max_value_len=limits.value_length),
            )
            for link in recorded
        )

    @property
    def dropped_links(self: FastSpan) -> int:
        """How many links were beyond the limit."""
        return self._details.dropped_links if self._details else 0

    def _readable_span(self: FastSpan) -> ReadableSpan:
        """A snapshot as the stock SDK makes it."""
        return ReadableSpan(
            name=self._name,
            context=self.get_span_context(),
            parent=self.parent,
            resource=self.resource,
            attributes=dict(self.attributes),
            events=self.events,
            links=self.links,
            kind=self._kind,
            status=self.status,
            start_time=self.start_time,
            end_time=self.end_time,
            instrumentation_scope=self.instrumentation_scope,
        )

    def to_json(self: FastSpan, indent: int | None = 4) -> str:
        """The span as the stock SDK prints it."""
        return str(self._readable_span().to_json(indent))

    def __repr__(self: FastSpan) -> str:
        return f'{type(self).__name__}(name="{self._name}", context={self.get_span_context()})'
