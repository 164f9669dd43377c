"""A tracer, which has two ways to start a span:

- The short one, for nearly every span: `start_as_current_span` without unusual arguments creates the span or draws the
  trace id of an unsampled one, and `FastSpan.__enter__` starts it. Nothing of the tracer or the sampler is called.
- The long one, `decide`, for all others: `start_span`, an explicit context, links, a sampler or id generator of the
  service, span processors, a parent from another process. It follows the specification step by step.

`configure` finds out which ways are open, whenever something is attached to the provider.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
)
from opentelemetry.trace import Tracer as ApiTracer
from opentelemetry.trace.span import DEFAULT_TRACE_STATE

from ...context import SPAN_KEY, Context, current, is_plain
from ...ids import getrandbits, given_ids
from ...safe import never_raise, text_of
from ..freeze import Attributes, copy
from ..outlived import UnrecordedSpan
from .clock import CLOCK
from .details import Details
from .reading import NOT_STARTED
from .sampling import EVERYTHING, TRACE_ID_MASK
from .shared import Shared
from .span import FastSpan, RecordOnlySpan
from .trace import FLAGS, Trace
from .unsampled import UnsampledRoot

#: What `decide` says about a span that records: trace, parent (the id of a local span, or a context), attributes, and
#: whether it is sampled, and the local root. A plain tuple, since a class would cost a third of the call.
SpanStart = tuple[Trace, int | SpanContext | None, Attributes, bool, FastSpan | None]

#: Python has one empty tuple. Reading anything else that a service gives may raise.
_NO_LINKS: tuple[()] = ()


class Tracer(ApiTracer):
    """Starts spans of one instrumentation scope.

    Attributes:
        extended: Whether only the long way is open: a foreign sampler or id generator or span processors are attached.
        spans_started: Recorded spans started so far.
        root_bound: Without a parent, masked trace ids below it are sampled; all are if it is `None`.
    """

    __slots__ = ("extended", "limits", "root_bound", "scope", "shared", "sink", "spans_started")

    def __init__(self, shared: Shared, scope: InstrumentationScope) -> None:
        self.shared = shared
        self.scope = scope
        self.limits = shared.limits
        self.spans_started = 0
        self.configure()

    def configure(self) -> None:
        """Read again what the tracers share: sampler, processors, id generator, sink."""
        shared = self.shared
        self.sink = shared.sink
        known = shared.bounds
        # The short way takes the decision of a local parent over, as samplers usually do.
        usual = known is not None and known.local_sampled == EVERYTHING and known.local_unsampled == 0
        self.root_bound = known.root if known is not None and known.root != EVERYTHING else None
        self.extended = not usual or bool(shared.processors) or not shared.has_own_ids

    def start_as_current_span(  # type: ignore[override]
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
    ) -> FastSpan | UnsampledRoot:
        """A context manager (or decorator) that starts a span, makes it current, and ends it."""
        details = None
        drawn = 0
        if (
            self.extended
            or context is not None
            or (links is not None and links is not _NO_LINKS)
            or start_time is not None
            or record_exception is not True
            or set_status_on_exception is not True
            or end_on_exit is not True
        ):
            details = Details(
                context=context,
                links=links,
                start_time=start_time,
                record_exception=record_exception,
                set_status_on_exception=set_status_on_exception,
                end_on_exit=end_on_exit,
            )
        elif self.root_bound == 0:
            # Nearly every span is unsampled then. It looks for a parent when it is entered.
            root: UnsampledRoot = UnsampledRoot()
            root._usual = (self, name, kind, attributes)
            root._ended = False
            return root
        elif self.root_bound is not None and SPAN_KEY not in current() and given_ids() is None:
            drawn = getrandbits(128) or 1
            if drawn & TRACE_ID_MASK >= self.root_bound:
                root = UnsampledRoot()
                root._trace_id = drawn
                root._usual = (self, name, kind, attributes)
                root._ended = False
                return root
        # Not by `usual_span`: a call would be noticeable for nearly every span.
        span: FastSpan = FastSpan()
        span._tracer = self
        span._name = name if type(name) is str else text_of(name)
        span._kind = kind
        span._attributes = attributes
        span._trace = None
        span._end = NOT_STARTED
        if drawn:
            span._drawn = drawn
        span._token = None
        span._details = details
        return span

    def usual_span(self, name: str, kind: SpanKind, attributes: Attributes) -> FastSpan:
        """A span that is not started, and that the sampler decides about when it is entered."""
        span: FastSpan = FastSpan()
        span._tracer, span._kind = self, kind
        span._name = name if type(name) is str else text_of(name)
        span._attributes, span._trace, span._end = attributes, None, NOT_STARTED
        span._token, span._details = None, None
        return span

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Start a span without making it current."""
        span = self.usual_span(name, kind, attributes)
        if (
            (links is not None and links is not _NO_LINKS)
            or start_time is not None
            or record_exception is not True
            or set_status_on_exception is not True
        ):
            span._details = Details(
                links=links,
                start_time=start_time,
                record_exception=record_exception,
                set_status_on_exception=set_status_on_exception,
            )
        return span._begin(context)

    def decide(
        self,
        context: Context | None,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        links: Sequence[Link],
    ) -> SpanStart | Span:
        """Decide whether a new span is recorded and sampled, as the specification says.

        Args:
            context: With the parent; None for the current context.
            name: The span's name.
            kind: The span's kind.
            attributes: As the caller gave them; a sampler of the service may replace them.
            links: The span's links.

        Returns:
            What the span needs to start, or the span to use instead if it is not recorded.
        """
        if context is not None and not is_plain(context):
            context = None
        active: Any = (current() if context is None else context).get(SPAN_KEY)
        parent = active.get_span_context() if active is not None and isinstance(active, Span) else None
        if parent is None or not parent.is_valid:
            parent = None
            trace_id, random = self.shared.new_trace_id()
        else:
            trace_id, random = parent.trace_id, parent.trace_flags & 2
        known = self.shared.bounds
        if known is not None:
            recording = sampled = trace_id & TRACE_ID_MASK < known.below(parent)
            state = DEFAULT_TRACE_STATE if parent is None else parent.trace_state
        else:
            result = self.shared.ask_sampler(context, trace_id, name, kind, copy(attributes), links)
            recording, sampled = (
                result.decision is not Decision.DROP,
                result.decision is Decision.RECORD_AND_SAMPLE,
            )
            attributes = result.attributes
            state = DEFAULT_TRACE_STATE if result.trace_state is None else result.trace_state
        flags = FLAGS[random | sampled]
        if not recording:
            own = SpanContext(trace_id, self.shared.new_span_id(), False, flags, state)
            above = active if isinstance(active, UnrecordedSpan) and not active._trace_is_over() else None
            return UnrecordedSpan(own, above and (above.root or above))
        if active is not None and isinstance(active, FastSpan) and active._trace is not None:
            trace = CLOCK.after_steps(active._trace)
            # Below a trace that is over, for a context that was passed explicitly, it is the first one again.
            root = None if active._trace_is_over() else active._root or active
            if flags == trace[1] and state is trace[2]:
                return trace, active._span_id, attributes, sampled, root
            return (trace_id, flags, state, trace[3]), parent, attributes, sampled, root
        return (trace_id, flags, state, CLOCK.anchor), parent, attributes, sampled, None

    def started(self, span: FastSpan, context: Context | None) -> None:
        """Count a started span and notify the span processors."""
        self.spans_started += 1
        for processor in self.shared.processors:
            _notify(processor.on_start, span, context)

    def ended(self, span: FastSpan) -> None:
        """Notify the span processors of an ended span, and hand it to the exporter if it is sampled."""
        processors = self.shared.processors
        for processor in processors:
            _notify(processor._on_ending, span)
        for processor in processors:
            _notify(processor.on_end, span)
        if type(span) is not RecordOnlySpan:
            self.sink(span)


@never_raise
def _notify(hook: Callable[..., Any], *arguments: Any) -> None:
    """Call a method of a span processor, which may be a service's own and raise."""
    hook(*arguments)
