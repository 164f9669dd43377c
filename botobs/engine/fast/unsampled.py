"""A span that nobody will see."""

from __future__ import annotations

from opentelemetry.trace import NonRecordingSpan, SpanContext
from opentelemetry.trace.span import DEFAULT_TRACE_STATE

from .ids import getrandbits
from .trace import FLAGS, span_context


class UnsampledSpan:
    """The current span of an unsampled trace. Ids are drawn when somebody asks, usually a propagator.

    It is registered with, not derived from, `NonRecordingSpan`: without the base's instance dict it is made in half
    the time.
    """

    __slots__ = ("_span_id", "_trace_id")

    _trace_id: int
    _span_id: int

    def get_span_context(self) -> SpanContext:
        """The context to propagate, with the sampled flag unset."""
        if not self._span_id:
            self._trace_id = self._trace_id or getrandbits(128) or 1
            self._span_id = getrandbits(64) or 1
        return span_context((self._trace_id, FLAGS[2], DEFAULT_TRACE_STATE, 0), self._span_id)

    def __repr__(self) -> str:
        return f"UnsampledSpan({self.get_span_context()!r})"

    is_recording = NonRecordingSpan.is_recording
    end = NonRecordingSpan.end
    set_attributes = NonRecordingSpan.set_attributes
    set_attribute = NonRecordingSpan.set_attribute
    add_event = NonRecordingSpan.add_event
    add_link = NonRecordingSpan.add_link
    update_name = NonRecordingSpan.update_name
    set_status = NonRecordingSpan.set_status
    record_exception = NonRecordingSpan.record_exception
    __enter__ = NonRecordingSpan.__enter__
    __exit__ = NonRecordingSpan.__exit__


NonRecordingSpan.register(UnsampledSpan)
