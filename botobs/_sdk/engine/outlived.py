"""Contexts end with the trace that they were made in.

A context is copied into every thread, task, timer and callback that begins while a span is current, and those may live
on for days: the worker that the first request starts, the consumer of a queue, the listener on a connection. What they
do later is not part of that request.

So a span takes the current span of its context for its parent as long as that span, or the first span of the trace in
this process (its local root), is open. After that it begins a trace of its own, with a link to the span that it would
have been a child of. A context that is passed explicitly is taken as it is.
"""

from __future__ import annotations

from opentelemetry.trace import Link, NonRecordingSpan, SpanContext

from ..context import SPAN_KEY, Context, current


class UnrecordedSpan(NonRecordingSpan):
    """A span that the sampler does not want, which knows when it ends.

    Args:
        context: Its ids.
        root: The local root, if that is another unrecorded span.
    """

    def __init__(self, context: SpanContext, root: UnrecordedSpan | None) -> None:
        super().__init__(context)
        self.root = root
        self.ended = False

    def end(self, end_time: int | None = None) -> None:  # noqa: ARG002 - as every span
        """Note that later spans are no children of this one."""
        self.ended = True

    def _trace_is_over(self) -> bool:
        return self.ended and (self.root is None or self.root.ended)


def outlived() -> tuple[Context, list[Link]] | None:
    """The current context without its span, and a link to that span, if the span's trace is over in this process.

    There is no link to a trace that is not sampled: it would lead nowhere.
    """
    context = current()
    span = context.get(SPAN_KEY)
    is_over = getattr(type(span), "_trace_is_over", None)
    if is_over is None or not is_over(span):
        return None
    rest = Context({key: value for key, value in context.items() if key != SPAN_KEY})
    over: SpanContext = span.get_span_context()  # type: ignore[attr-defined]
    return rest, [Link(over)] if over.trace_flags.sampled else []
