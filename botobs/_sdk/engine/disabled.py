"""Tracers that record nothing, at next to no cost: before `init`, after `shutdown`, and where botobs is disabled.

OpenTelemetry's own no-op tracer runs two nested generators a span.
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
    """Enters and leaves without a trace; one serves all, at the same time."""

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
    """Passes on the context that it finds, so that what others sampled stays sampled."""

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

        If a span of somebody else is current, it is covered by one that does not record, as upstream does it.
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
    """Hands out the one tracer that does nothing."""

    def get_tracer(self, *_: Any, **__: Any) -> Tracer:
        """That tracer."""
        return _TRACER
