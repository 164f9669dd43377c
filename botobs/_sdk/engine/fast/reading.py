"""How a fast span looks to those who read it: upstream processors and exporters, tests, instrumentations."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, Span, SpanContext, SpanKind, Status, StatusCode

from .attributes import clean
from .details import Details
from .trace import Trace, span_context

if TYPE_CHECKING:
    from .tracer import Tracer

_UNSET = Status(StatusCode.UNSET)


class SpanState(Span, ReadableSpan):
    """The slots of a fast span, and the properties of `ReadableSpan` computed from them when read.

    Attributes are validated and limited here, not when they are set.
    """

    __slots__ = (
        "_attributes",
        "_details",
        "_end",
        "_kind",
        "_name",
        "_parent",
        "_span_id",
        "_start",
        "_token",
        "_trace",
        "_tracer",
    )

    _tracer: Tracer
    _name: str
    _kind: SpanKind
    #: The caller's mapping until the span starts, then a copy.
    _attributes: Any
    #: A local parent's id, or another parent's `SpanContext`.
    _parent: int | SpanContext | None  # type: ignore[assignment]
    #: `None` until the span starts.
    _trace: Trace | None
    _span_id: int
    #: Readings of `perf_counter_ns`; `_end` is `None` while, and only while, the span records.
    _start: int
    _end: int | None
    _details: Details | None
    _token: Any

    def get_span_context(self) -> SpanContext:
        """The ids to propagate."""
        trace = self._trace
        return INVALID_SPAN_CONTEXT if trace is None else span_context(trace, self._span_id)

    @property
    def context(self) -> SpanContext:
        """The span's own context."""
        return self.get_span_context()

    @property
    def parent(self) -> SpanContext | None:
        """The parent's context, or `None` for a root span."""
        parent = self._parent
        if isinstance(parent, int):
            return None if self._trace is None else span_context(self._trace, parent)
        return parent

    @property
    def resource(self) -> Resource:
        """The process that the span comes from."""
        return self._tracer.provider.resource

    @property
    def instrumentation_scope(self) -> InstrumentationScope:
        """The code that the span comes from."""
        return self._tracer.scope

    @property
    def instrumentation_info(self) -> Any:
        """Superseded by `instrumentation_scope`."""
        return self._tracer.scope

    @property
    def start_time(self) -> int | None:
        """Nanoseconds since the epoch."""
        return None if self._trace is None else self._trace[3] + self._start

    @property
    def end_time(self) -> int | None:
        """Nanoseconds since the epoch; `None` while the span runs."""
        return None if self._trace is None or self._end is None else self._trace[3] + self._end

    @property
    def status(self) -> Status:
        """The status, unset by default."""
        return (self._details and self._details.status) or _UNSET

    def _clean_attributes(self) -> tuple[dict[str, Any], int]:
        limits = self._tracer.limits
        attributes, dropped = clean(self._attributes or {}, limits.attributes, limits.attribute_length)
        return attributes, dropped + (self._details.dropped_attributes if self._details else 0)

    @property
    def attributes(self) -> MappingProxyType[str, Any]:
        """The valid attributes within the limits."""
        return MappingProxyType(self._clean_attributes()[0])

    @property
    def dropped_attributes(self) -> int:
        """How many attributes were invalid or beyond the limit."""
        return self._clean_attributes()[1]

    @property
    def events(self) -> tuple[Event, ...]:
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
    def dropped_events(self) -> int:
        """How many events were beyond the limit."""
        return self._details.dropped_events if self._details else 0

    @property
    def links(self) -> tuple[Link, ...]:
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
    def dropped_links(self) -> int:
        """How many links were beyond the limit."""
        return self._details.dropped_links if self._details else 0

    def _readable_span(self) -> ReadableSpan:
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

    def to_json(self, indent: int | None = 4) -> str:
        """The span as the stock SDK prints it."""
        return str(self._readable_span().to_json(indent))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(name="{self._name}", context={self.get_span_context()})'
