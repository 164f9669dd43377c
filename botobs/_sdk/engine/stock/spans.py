"""OpenTelemetry's own spans, whose arguments are checked so that they never raise.

The SDK reads the text of an exception, the length of an object or the items of a mapping on the service's thread, and
passes on what they raise. Here they are read safely before the SDK gets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from opentelemetry.context import Context, attach, detach, set_value
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
)
from opentelemetry.trace import Tracer as ApiTracer

from ...context import SPAN_KEY, current, is_plain
from ...safe import described, head, let_pass, nanoseconds, never_raise, sendable, text_of
from ...upstream import agnostic_context_manager
from ..fast.details import exception_attributes, is_valid_link, usable_links
from ..outlived import UnrecordedSpan, outlived
from ..scope import usable_scope
from ..values import sendable_attributes
from .upstream import RecordedSpan

Attributes = Mapping[str, Any] | None


class SafeSpan(RecordedSpan):
    """The SDK's span; none of its methods raises."""

    #: The first span of the trace in this process; None for that span itself.
    _root: SafeSpan | None

    def _trace_is_over(self) -> bool:
        """See `engine.outlived`."""
        return self.end_time is not None and (self._root is None or self._root.end_time is not None)

    @never_raise
    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set several attributes."""
        super().set_attributes(sendable_attributes(attributes))

    @never_raise
    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute."""
        if issubclass(type(key), str):
            super().set_attributes(sendable_attributes({text_of(key): value}))
        else:
            super().set_attribute("", None)

    @never_raise
    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Record that something happened."""
        super().add_event(
            sendable(head(text_of(name))), sendable_attributes(attributes), nanoseconds(timestamp)
        )

    @never_raise
    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Link the span to another one."""
        attributes = sendable_attributes(attributes)
        if is_valid_link(context, attributes):
            super().add_link(context, attributes)

    @never_raise
    def update_name(self, name: str) -> None:
        """Rename the span."""
        super().update_name(sendable(head(text_of(name))))

    @never_raise
    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status."""
        if type(status) is not StatusCode:
            if type(status) is not Status:
                return
            own = status.description
            status = Status(status.status_code, None if own is None else sendable(head(text_of(own))))
        super().set_status(status, None if description is None else sendable(head(text_of(description))))

    @never_raise
    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Record an exception as an event."""
        merged = {**exception_attributes(exception, escaped), **sendable_attributes(attributes)}
        self.add_event("exception", merged, timestamp)

    @never_raise
    def end(self, end_time: int | None = None) -> None:
        """End the span."""
        super().end(nanoseconds(end_time))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the span, with the status ERROR if an exception passes."""
        leave(self, error, escaped=True, end=True)


def leave(span: Span, error: BaseException | None, *, escaped: bool, end: bool) -> None:
    """Record the exception that left a span's block, if there was one, and end the span if `end` is set."""
    try:
        if error is not None and isinstance(span, SafeSpan) and span.is_recording():
            if span._record_exception:
                span.record_exception(error, escaped=escaped)
            if span._set_status_on_exception:
                span.set_status(Status(StatusCode.ERROR, described(error)))
        if end:
            span.end()
    except Exception:
        # The stack may be full, for example. An exception of the service must not be replaced by one of ours.
        return


class SafeTracer(Tracer):
    """The SDK's tracer; none of its methods raises."""

    @agnostic_context_manager
    def start_as_current_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[Span]:
        """A context manager (or decorator) that starts a span, makes it current, and ends it."""
        span = self.start_span(
            name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception
        )
        # Not with the API's `use_span`, which reads the text of an exception without a guard.
        token = attach(set_value(SPAN_KEY, span))
        failure: Exception | None = None
        try:
            try:
                yield span
            finally:
                detach(token)
        except Exception as error:
            failure = error
            raise
        finally:
            leave(span, failure, escaped=False, end=end_on_exit)

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Start a span without making it current; one that records nothing if the SDK cannot."""
        try:
            usable = list(usable_links(links))
            if not is_plain(context):
                context = None
                if (over := outlived()) is not None:
                    context, before = over
                    usable += before
            parent = (current() if context is None else context).get(SPAN_KEY)
            span = super().start_span(
                sendable(head(text_of(name))),
                context,
                kind if type(kind) is SpanKind else SpanKind.INTERNAL,
                sendable_attributes(attributes),
                [Link(link.context, sendable_attributes(link.attributes)) for link in usable],
                nanoseconds(start_time),
                record_exception is not False,
                set_status_on_exception is not False,
            )
        except BaseException as error:
            # A service's own sampler, id generator or span processor.
            let_pass(error)
            return INVALID_SPAN
        if type(span) is RecordedSpan:
            span.__class__ = SafeSpan
        # Below a trace that is over, for a context that was passed explicitly, a span is the first one again.
        if isinstance(span, SafeSpan):
            recorded = parent if isinstance(parent, SafeSpan) and not parent._trace_is_over() else None
            span._root = recorded and (recorded._root or recorded)
        elif type(span) is NonRecordingSpan:
            unrecorded = (
                parent if isinstance(parent, UnrecordedSpan) and not parent._trace_is_over() else None
            )
            span = UnrecordedSpan(span.get_span_context(), unrecorded and (unrecorded.root or unrecorded))
        return span


class SafeTracerProvider(TracerProvider):
    """The SDK's provider, whose tracers and spans never raise."""

    def _handle_fork(self) -> None:
        """Does nothing: the engine resets everything in one order, part of which the SDK's hook would undo."""

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Any = None,
    ) -> ApiTracer:
        """The tracer of an instrumentation scope."""
        scope = usable_scope(instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        tracer = super().get_tracer(*scope)
        if type(tracer) is Tracer:
            tracer.__class__ = SafeTracer
        return tracer
