"""The state of a fast span, and how processors and exporters of the SDK, tests and instrumentations read it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, Span, SpanContext, SpanKind, Status, StatusCode

from .attributes import clean
from .details import Details
from .span_tracer import SpanTracer
from .trace import Trace, span_context

_UNSET = Status(StatusCode.UNSET)


#: `_end` of a span that has not been started. Only a recording span's `_end` is `None`.
NOT_STARTED = 0


class Phase(Enum):
    """Where a span is in its life; see `SpanState`."""

    NOT_STARTED = "not started"
    RECORDING = "recording"
    ENDED = "ended"


class SpanState(Span, ReadableSpan):
    """The slots of a fast span, and the properties of `ReadableSpan` computed from them when read.

    A span goes through three phases, which two of its slots distinguish:

    =========== ========== ================================ =============================================
    Phase       `_trace`   `_end`                           `_attributes`
    =========== ========== ================================ =============================================
    not started `None`     `NOT_STARTED`                    the caller's mapping
    recording   a `Trace`  `None`                           a copy of our own
    ended       a `Trace`  a reading of `perf_counter_ns`   that copy; nothing changes it any more
    =========== ========== ================================ =============================================

    Code that runs for every span compares `_end` with `None`, since a property costs as much as the rest of such a
    method. All other code reads `phase`.

    Attributes are validated and limited when they are read, not when they are set.
    """

    __slots__ = (
        "_attributes",
        "_details",
        "_drawn",
        "_end",
        "_kind",
        "_name",
        "_parent",
        "_root",
        "_span_id",
        "_start",
        "_token",
        "_trace",
        "_tracer",
    )

    _tracer: SpanTracer
    _name: str
    _kind: SpanKind
    _attributes: Any
    #: A local parent's id, or another parent's `SpanContext`. Set when the span starts.
    _parent: int | SpanContext | None  # type: ignore[assignment]
    #: The first span of the trace in this process; `None` for that span itself. Of a span that is not recorded, the
    #: span that is current in its place. Set when the span starts.
    _root: Any
    _trace: Trace | None
    #: The trace id that was drawn to decide about sampling before the span starts; unset if none was.
    _drawn: int
    _span_id: int
    #: Readings of `perf_counter_ns`.
    _start: int
    _end: int | None
    #: What few spans have; made when it is needed.
    _details: Details | None
    #: Resets the context variable; `None` unless the span is the current one of a `with` block.
    _token: Any

    @property
    def phase(self) -> Phase:
        """Where the span is in its life."""
        if self._trace is None:
            return Phase.NOT_STARTED
        return Phase.RECORDING if self._end is None else Phase.ENDED

    def get_span_context(self) -> SpanContext:
        """The span's ids and flags; an invalid context until it is started."""
        trace = self._trace
        return INVALID_SPAN_CONTEXT if trace is None else span_context(trace, self._span_id)

    @property
    def context(self) -> SpanContext:
        """The span's own context."""
        return self.get_span_context()

    @property
    def parent(self) -> SpanContext | None:
        """The parent's context, or `None` for a root span."""
        if self._trace is None:
            return None
        parent = self._parent
        return span_context(self._trace, parent) if isinstance(parent, int) else parent

    @property
    def resource(self) -> Resource:
        """The process that the span comes from."""
        return self._tracer.shared.resource

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
        """Nanoseconds since the epoch; `None` until the span is started."""
        return None if self._trace is None else self._trace[3] + self._start

    @property
    def end_time(self) -> int | None:
        """Nanoseconds since the epoch; `None` until the span has ended."""
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
