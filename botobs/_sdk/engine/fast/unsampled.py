"""Spans of unsampled traces, which are never exported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind
from opentelemetry.trace.span import DEFAULT_TRACE_STATE

from ...context import SPAN_KEY, Context, attach, current, detach
from ...ids import getrandbits, given_ids
from ...safe import Log
from ..freeze import Attributes
from .span_tracer import SpanTracer
from .trace import FLAGS, span_context

_logger = Log(__name__)
_NOTHING = nullcontext()
_F = TypeVar("_F", bound=Callable[..., Any])


class UnsampledSpan:
    """The current span of an unsampled trace. Its ids are drawn when they are read, usually by a propagator.

    It is registered with, not derived from, `NonRecordingSpan`: without the base's instance dict it is made in half
    the time.
    """

    __slots__ = ("_context", "_ended", "_trace_id")

    #: Unset if none had to be drawn for the sampling decision.
    _trace_id: int
    #: Unset until it is read.
    _context: SpanContext
    _ended: bool

    def get_span_context(self) -> SpanContext:
        """The context to propagate, with the sampled flag unset."""
        try:
            return self._context
        except AttributeError:
            trace_id = getattr(self, "_trace_id", 0) or getrandbits(128) or 1
            self._context = span_context((trace_id, FLAGS[2], DEFAULT_TRACE_STATE, 0), getrandbits(64) or 1)
            return self._context

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.get_span_context()!r})"

    def end(self, end_time: int | None = None) -> None:  # noqa: ARG002 - as every span
        """Note that later spans are no part of this trace."""
        self._ended = True

    def _trace_is_over(self) -> bool:
        """See `engine.outlived`."""
        return self._ended

    is_recording = NonRecordingSpan.is_recording
    set_attributes = NonRecordingSpan.set_attributes
    set_attribute = NonRecordingSpan.set_attribute
    add_event = NonRecordingSpan.add_event
    add_link = NonRecordingSpan.add_link
    update_name = NonRecordingSpan.update_name
    set_status = NonRecordingSpan.set_status
    record_exception = NonRecordingSpan.record_exception
    __enter__ = NonRecordingSpan.__enter__
    __exit__ = NonRecordingSpan.__exit__


class UnsampledRoot(UnsampledSpan):
    """The first span of an unsampled trace, as its own context manager.

    Whether it is a root is decided when it is entered, as for any span. If there is a parent by then, an unsampled one
    stays the current span; for a sampled one a usual span takes the place of this one.
    """

    __slots__ = ("_instead", "_token", "_usual")

    #: Tracer, name, kind and attributes of the usual span.
    _usual: tuple[SpanTracer, str, SpanKind, Attributes]
    #: Resets the context variable; None if another span has taken the place.
    _token: Any
    _instead: AbstractContextManager[Any]

    def __enter__(self) -> Any:
        """Make the span current."""
        context = current()
        if context or given_ids() is not None:
            return self._enter_closely(context)
        self._token = attach({SPAN_KEY: self})
        return self

    def _enter_closely(self, context: Context) -> Any:
        parent = context.get(SPAN_KEY)
        if parent is None and given_ids() is None:
            self._token = attach({**context, SPAN_KEY: self})
            return self
        self._token = None
        if isinstance(parent, UnsampledSpan) and not parent._ended:
            self._instead = _NOTHING
            return parent
        self._instead = self._again()
        return self._instead.__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Make the previous span current again."""
        token = self._token
        if token is None:
            self._instead.__exit__(exc_type, exc_val, exc_tb)
            return
        self._ended = True
        try:
            detach(token)
        except (ValueError, RuntimeError):
            # An async generator may be closed in another context than it was started in.
            _logger.debug("An unsampled span was left in another context than it was entered in.")

    def __call__(self, function: _F) -> _F:
        """Decorate a function; each call is sampled on its own."""
        usual: Callable[[_F], _F] = self._again()
        return usual(function)

    def _again(self) -> Any:
        """A usual span in this one's place."""
        tracer, name, kind, attributes = self._usual
        return tracer.usual_span(name, kind, attributes)


NonRecordingSpan.register(UnsampledSpan)
