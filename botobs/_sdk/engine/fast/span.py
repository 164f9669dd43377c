"""A span that is its own context manager.

What the usual span costs on the caller's thread: one allocation, two random numbers, a copy of its attributes, two
clock readings, one set and one reset of the context variable, one call of the sink. Everything else that a span can do
needs `Details`, which the usual span does not have: methods named `…_slowly` are for spans that have them.

The phases of a span, and the slots that hold its state, are described at `SpanState`; what it takes between its start
and its end, at `ChangeableSpan`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from time import perf_counter_ns
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.trace import Link, Span, Status, StatusCode
from opentelemetry.trace.span import DEFAULT_TRACE_STATE

from ...context import SPAN_KEY, Context, attach, current, detach
from ...ids import getrandbits, given_ids
from ...plain import IMMUTABLE
from ...safe import Log, described, nanoseconds, never_raise
from ..freeze import copy
from ..outlived import outlived
from .changes import ChangeableSpan
from .clock import CLOCK
from .details import Details, RecordedLink, usable_links
from .reading import Phase
from .sampling import TRACE_ID_MASK
from .trace import FLAGS
from .unsampled import UnsampledSpan

_logger = Log(__name__)
_F = TypeVar("_F", bound=Callable[..., Any])


class FastSpan(ChangeableSpan):
    """A span that is recorded and exported.

    `Tracer.start_as_current_span` returns it not started: entering it starts it and makes it current, leaving it ends
    it, calling it decorates a function. `Tracer.start_span` returns it started.
    """

    __slots__ = ()

    # The tracer fills the slots; `ReadableSpan.__init__` would fill them twice.
    __init__ = object.__init__

    # -- the span as a context manager ----------------------------------------------------------------------------

    def __enter__(self) -> Span:
        """Start the span and make it current. A span that was already started is only ended on exit.

        Returns:
            The span, or one that does not record if this one is not sampled.
        """
        if self._details is not None or self._trace is not None:
            return self._enter_slowly()
        context = current()
        parent: Any = context.get(SPAN_KEY)
        tracer = self._tracer
        # A new trace reads the clock early, to compare it with the wall clock.
        start = 0
        if type(parent) is FastSpan:
            if parent._end is not None:
                return self._enter_slowly()
            trace = parent._trace
            self._trace = trace if trace[3] is CLOCK.anchor else CLOCK.after_steps(trace)
            self._parent = parent._span_id
            self._root = parent._root or parent
        elif parent is None and given_ids() is None:
            bound = tracer.root_bound
            if bound is None:
                trace_id = getrandbits(128) or 1
            elif not (trace_id := getattr(self, "_drawn", 0)):
                trace_id = 0 if bound == 0 else getrandbits(128) or 1
                if trace_id & TRACE_ID_MASK >= bound:
                    unsampled: Any = UnsampledSpan()
                    unsampled._trace_id = trace_id
                    unsampled._ended = False
                    self._root = unsampled
                    self._token = attach({**context, SPAN_KEY: unsampled})
                    return unsampled  # type: ignore[no-any-return]
            start = perf_counter_ns()
            self._trace = (trace_id, FLAGS[3], DEFAULT_TRACE_STATE, CLOCK.at(start))
            self._parent = None
            self._root = None
        elif isinstance(parent, UnsampledSpan):
            if parent._ended:
                return self._enter_slowly()
            # Neither is exported, and any id serves to say "not sampled".
            return parent  # type: ignore[return-value]
        else:
            return self._enter_slowly()
        self._span_id = getrandbits(64) or 1
        attributes = self._attributes
        if type(attributes) is dict:
            self._attributes = copied = attributes.copy()
            if not IMMUTABLE.issuperset(map(type, copied.values())):
                self._attributes = copy(copied)
        else:
            self._attributes = copy(attributes) if attributes is not None else {}
        tracer.spans_started += 1
        self._end = None
        self._start = start or perf_counter_ns()
        if len(context) > 1 or parent is None:
            self._token = attach({**context, SPAN_KEY: self})
        else:
            self._token = attach({SPAN_KEY: self})
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Make the previous span current again and end this one; an exception is recorded first."""
        if exc_val is not None or self._details is not None:
            try:
                self._exit_slowly(exc_val)
            except Exception:
                # The stack may be full, for example. An exception of the service must not be replaced by one of ours.
                self._exit_minimally()
            return
        token = self._token
        if token is None:
            return
        # The token holds the outer context and with it all the spans around this one.
        self._token = None
        try:
            detach(token)
        except (ValueError, RuntimeError):
            self._log_foreign_exit()
        if self._end is None:
            self._end = perf_counter_ns()
            # A span without details was started when there were no span processors to notify.
            self._tracer.sink(self)
        elif self._trace is None:
            self._root.end()

    def __call__(self, function: _F) -> _F:
        """Decorate a function, sync or async: each call runs in a new span."""
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return run_async  # type: ignore[return-value]

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return run  # type: ignore[return-value]

    def _again(self) -> FastSpan:
        """A copy of this span that is not started."""
        details = self._details
        again: FastSpan = self._tracer.usual_span(self._name, self._kind, self._attributes)
        again._details = details and Details(
            context=details.context,
            links=details.links,
            start_time=details.start_time,
            record_exception=details.record_exception,
            set_status_on_exception=details.set_status_on_exception,
            end_on_exit=details.end_on_exit,
        )
        return again

    def _enter_slowly(self) -> Span:
        details = self._more()
        if self.phase is not Phase.NOT_STARTED:
            details.entered += 1
            return self
        span = self._begin(details.context)
        if span is not self:
            self._root = span
        self._token = attach({**current(), SPAN_KEY: span})
        return span

    def _leave(self) -> None:
        token = self._token
        if token is None:
            return
        self._token = None
        try:
            detach(token)
        except (ValueError, RuntimeError):
            self._log_foreign_exit()

    def _log_foreign_exit(self) -> None:
        # An async generator may be closed in a context other than the one it was started in.
        _logger.debug("Span %s was left in another context than it was entered in.", self._name)

    def _exit_slowly(self, exception: BaseException | None) -> None:
        details = self._details
        if details is not None and details.entered:
            details.entered -= 1
            if exception is not None:
                self._fail(exception, escaped=True)
            self.end()
            return
        is_current = self._token is not None
        self._leave()
        if is_current and self._trace is None and (details is None or details.end_on_exit):
            self._root.end()
        # What is no `Exception`, such as `GeneratorExit`, is no error.
        if isinstance(exception, Exception):
            self._fail(exception, escaped=False)
        if self._end is None and (details is None or details.end_on_exit):
            self.end()

    def _exit_minimally(self) -> None:
        token, self._token = self._token, None
        try:
            if token is not None:
                detach(token)
        finally:
            if self._end is None:
                self._end = perf_counter_ns()
                self._tracer.sink(self)

    def _fail(self, exception: BaseException, *, escaped: bool) -> None:
        if self.phase is not Phase.RECORDING:
            return
        details = self._more()
        if details.record_exception:
            self.record_exception(exception, escaped=escaped)
        if details.set_status_on_exception:
            self.set_status(Status(StatusCode.ERROR, described(exception)))

    # -- starting and ending --------------------------------------------------------------------------------------

    def _begin(self, context: Context | None) -> Span:
        """Start the span below the one in `context`.

        Returns:
            The span itself, or another one if it is not recorded.
        """
        tracer = self._tracer
        details = self._details
        links: Sequence[Link] = usable_links(details.links) if details is not None else ()
        if context is None and (over := outlived()) is not None:
            context, before = over
            links = (*links, *before)
        decided = tracer.decide(context, self._name, self._kind, self._attributes, links)
        if not isinstance(decided, tuple):
            return decided  # type: ignore[no-any-return]
        self._trace, self._parent, attributes, sampled, self._root = decided
        if not sampled:
            self.__class__ = RecordOnlySpan
        self._span_id = tracer.shared.new_span_id()
        self._attributes = copy(attributes)
        start_time = None
        if details is not None:
            details.links = None
            if details.start_time is not None:
                start_time = nanoseconds(details.start_time)
        if links:
            self._more().keep_links(
                [RecordedLink(link.context, copy(link.attributes)) for link in links], tracer.limits.links
            )
        self._end = None
        now = perf_counter_ns()
        if type(self._parent) is not int:
            anchor = CLOCK.at(now)
            if anchor is not self._trace[3]:
                self._trace = (*self._trace[:3], anchor)
        self._start = now if start_time is None else start_time - self._trace[3]
        tracer.started(self, context)
        return self

    @never_raise
    def end(self, end_time: int | None = None) -> None:
        """End the span and hand it to the exporter; nothing can be changed afterwards."""
        if self._end is not None or self._trace is None:
            _logger.warning("Calling end() on an ended span.")
            return
        ended_at = None if end_time is None else nanoseconds(end_time)
        self._end = perf_counter_ns() if ended_at is None else ended_at - self._trace[3]
        self._tracer.ended(self)

    def _trace_is_over(self) -> bool:
        """Whether the span and its local root have ended, see `engine.outlived`."""
        return bool(self._end) and bool((self._root or self)._end)

    def is_recording(self) -> bool:
        """Whether the span has been started and has not ended."""
        return self._end is None


class RecordOnlySpan(FastSpan):
    """A span that a sampler wants recorded for span processors, but not exported."""

    __slots__ = ()


# Some libraries check for the SDK's class before they read a span's attributes.
SdkSpan.register(FastSpan)
