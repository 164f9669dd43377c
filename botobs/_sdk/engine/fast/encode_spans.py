"""OTLP trace requests written straight to bytes.

Building protobuf messages from Python costs one object per attribute, event and span, only to be written out once.
The field numbers are those of opentelemetry/proto/trace/v1/trace.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind
from opentelemetry.trace.span import DEFAULT_TRACE_STATE

from ...safe import text_of
from ...turns import in_turns
from .attributes import clean
from .encode_attributes import AttributeEncoder
from .limits import Limits
from .wire import fixed32, fixed64, sized, text, varint

if TYPE_CHECKING:
    from ...redaction import Redactor
    from .details import Details, RecordedEvent, RecordedLink
    from .span import FastSpan

_times = Struct("<cQcQ").pack
#: By the number of the API's `SpanKind`; OTLP counts from one.
_KINDS = tuple(b"\x30" + varint(kind.value + 1) for kind in SpanKind)
_INTERNAL = _KINDS[SpanKind.INTERNAL.value]
# Fields 15 (an empty status) and 16 (flags: whether the parent is remote is known, and is).
_NO_STATUS = b"\x7a\x00"
_LOCAL = 0x100
_REMOTE = 0x300
_LOCAL_FLAGS = b"\x85\x01" + fixed32(_LOCAL)
_REMOTE_FLAGS = b"\x85\x01" + fixed32(_REMOTE)

#: Characters of a name that is worth remembering.
_REMEMBERED_NAME = 256


class SpanEncoder:
    """Encodes finished spans of one engine.

    Args:
        redactor: Sees every text that leaves.
        limits: What a span may hold.

    Attributes:
        since: Reading of `perf_counter_ns` before which no span is ours: one that was open when this process was
            forked ends in both processes, and is the parent's.
    """

    def __init__(self, redactor: Redactor, limits: Limits) -> None:
        self.redactor = redactor
        self._limits = limits
        self._attributes = AttributeEncoder(redactor, limits.attribute_length)
        self._values = AttributeEncoder(redactor, limits.value_length)
        #: For resources and scopes, which have no limits.
        self.whole = AttributeEncoder(redactor, None)
        self._names: dict[str, bytes] = {}
        #: Of what the redactor knows.
        self.generation = redactor.generation
        self.since = 0

    def encode(self, spans: Iterable[FastSpan], resource: Resource) -> bytes:
        """An `ExportTraceServiceRequest`.

        Raises:
            Exception: Whatever is wrong with a span that cannot be encoded.
        """
        self.renew()
        scopes: dict[Any, list[bytes]] = {}
        for span in in_turns(spans):
            if span._start < self.since and not (span._details and span._details.start_time is not None):
                continue
            encoded = self._span(span)
            tracer = span._tracer
            known = scopes.get(tracer)
            if known is None:
                scopes[tracer] = [encoded]
            else:
                known.append(encoded)
        body = b"".join(self._scope_spans(tracer.scope, encoded) for tracer, encoded in scopes.items())
        return b"\x0a" + sized(b"\x0a" + sized(self.resource(resource)) + body + _schema(resource.schema_url))

    def renew(self) -> None:
        """Drop cached encodings: the redactor would return other values now."""
        if self.generation != self.redactor.generation:
            self.generation = self.redactor.generation
            self._names.clear()
            for attributes in (self._attributes, self._values, self.whole):
                attributes.renew()

    def resource(self, resource: Resource) -> bytes:
        """A `Resource`."""
        return b"".join(b"\x0a" + pair for pair in self.whole.encode(resource.attributes))

    def text(self, given: str) -> bytes:
        """A text without secrets, with its length."""
        return text(self.redactor.text(given))

    def scope(self, scope: InstrumentationScope) -> bytes:
        """An `InstrumentationScope`."""
        body = b"\x0a" + self.text(scope.name) if scope.name else b""
        if scope.version:
            body += b"\x12" + self.text(scope.version)
        return body + b"".join(b"\x1a" + pair for pair in self.whole.encode(scope.attributes or {}))

    def _scope_spans(self, scope: InstrumentationScope, spans: Sequence[bytes]) -> bytes:
        body = b"\x0a" + sized(self.scope(scope)) + b"".join(spans) + _schema(scope.schema_url)
        return b"\x12" + sized(body)

    def _span(self, span: FastSpan) -> bytes:
        """A `Span` with its tag and length."""
        trace_id, _, state, anchor = span._trace  # type: ignore[misc]
        parent = span._parent
        details = span._details
        attributes = span._attributes
        flags = _LOCAL_FLAGS
        parts = [b"\x0a\x10", trace_id.to_bytes(16, "big"), b"\x12\x08", span._span_id.to_bytes(8, "big")]
        if state is not DEFAULT_TRACE_STATE and state:
            parts.append(b"\x1a" + text(self.redactor.text(state.to_header())))
        if parent is not None:
            if isinstance(parent, SpanContext):
                if parent.is_remote:
                    flags = _REMOTE_FLAGS
                parent = parent.span_id
            parts += b"\x22\x08", parent.to_bytes(8, "big")
        parts += (
            (self._names.get(span._name) if type(span._name) is str else None) or self._name(span._name),
            _KINDS[span._kind._value_] if type(span._kind) is SpanKind else _INTERNAL,
            _times(b"\x39", anchor + span._start, b"\x41", anchor + span._end),  # type: ignore[operator]
        )
        dropped = 0 if details is None else details.dropped_attributes
        if attributes:
            if len(attributes) > self._limits.attributes:
                attributes, surplus = clean(attributes, self._limits.attributes, None)
                dropped += surplus
            pairs = self._attributes.encode(attributes)
            if pairs:
                parts += b"\x4a", b"\x4a".join(pairs)
            dropped += len(attributes) - len(pairs)
        if dropped:
            parts.append(b"\x50" + varint(dropped))
        parts.append(_NO_STATUS if details is None else self._details(details))
        parts.append(flags)
        body = b"".join(parts)
        return b"\x12" + varint(len(body)) + body

    def _name(self, name: str) -> bytes:
        name = text_of(name)
        field = b"\x2a" + text(self.redactor.text(name)) if name else b""
        if len(name) <= _REMEMBERED_NAME:
            if len(self._names) >= 2048:
                self._names.clear()
            self._names[name] = field
        return field

    def _details(self, details: Details) -> bytes:
        """The fields of events, links and status."""
        parts = [self._event(event) for event in details.events or ()]
        if details.dropped_events:
            parts.append(b"\x60" + varint(details.dropped_events))
        parts += [self._link(link) for link in details.links or ()]
        if details.dropped_links:
            parts.append(b"\x70" + varint(details.dropped_links))
        status = details.status
        if status is None:
            parts.append(_NO_STATUS)
        else:
            message = b"\x12" + text(self.redactor.text(status.description)) if status.description else b""
            parts.append(b"\x7a" + sized(message + b"\x18" + varint(status.status_code.value)))
        return b"".join(parts)

    def _event(self, event: RecordedEvent) -> bytes:
        pairs, dropped = self._limited(event.attributes, self._limits.event_attributes)
        body = b"\x09" + fixed64(event.timestamp) + b"\x12" + text(self.redactor.text(event.name))
        body += b"".join(b"\x1a" + pair for pair in pairs) + (b"\x20" + varint(dropped) if dropped else b"")
        return b"\x5a" + sized(body)

    def _link(self, link: RecordedLink) -> bytes:
        context = link.context
        pairs, dropped = self._limited(link.attributes, self._limits.link_attributes)
        body = (
            b"\x0a\x10"
            + context.trace_id.to_bytes(16, "big")
            + b"\x12\x08"
            + context.span_id.to_bytes(8, "big")
        )
        body += b"".join(b"\x22" + pair for pair in pairs) + (b"\x28" + varint(dropped) if dropped else b"")
        return b"\x6a" + sized(body + b"\x35" + fixed32(_REMOTE if context.is_remote else _LOCAL))

    def _limited(self, attributes: dict[str, Any], limit: int) -> tuple[list[bytes], int]:
        kept, dropped = clean(attributes, limit, None)
        return self._values.encode(kept), dropped


def _schema(url: str | None) -> bytes:
    return b"\x1a" + text(url) if url else b""
