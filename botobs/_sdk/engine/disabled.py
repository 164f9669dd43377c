"""A tracer that records nothing at almost no cost: before `init`, after `shutdown`, and where botobs is disabled.

OpenTelemetry's own no-op tracer runs two nested generators for each span.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanKind,
    Tracer,
    TracerProvider,
)

from ..context import SPAN_KEY, Context, current
from .freeze import Attributes

_F = TypeVar("_F", bound=Callable[..., Any])


class _Nothing:
    """A context manager and decorator that does nothing; one object serves all spans."""

    __slots__ = ()

    def __enter__(self) -> Span:
        span: Any = current().get(SPAN_KEY)
        return INVALID_SPAN if span is None else span

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        return

    def __call__(self, function: _F) -> _F:
        return function


_NOTHING = _Nothing()


class DisabledTracer(NoOpTracer):
    """Leaves the current context as it is, so that a parent's sampling decision is propagated."""

    def start_as_current_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Any:
        """A context manager that does nothing.

        If a span of another tracer is current, a non-recording span covers it, as OpenTelemetry's no-op tracer does.
        """
        if context is None:
            span = current().get(SPAN_KEY)
            if span is None or isinstance(span, NonRecordingSpan):
                return _NOTHING
        return super().start_as_current_span(
            name,
            context,
            kind,
            attributes,
            links,
            start_time,
            record_exception,
            set_status_on_exception,
            end_on_exit,
        )


_TRACER = DisabledTracer()


class DisabledTracerProvider(TracerProvider):
    """Returns the one tracer that records nothing."""

    def get_tracer(self, *_: Any, **__: Any) -> Tracer:
        """The `DisabledTracer`."""
        return _TRACER
