"""`opentelemetry.trace.use_span`, by which instrumentors and services make a span the current one.

It reads the text of an exception that passes, without a guard: one whose `__str__` raises is replaced by what that
raised. A service that has no SDK would see its own exception, since spans that record nothing are not asked.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from opentelemetry import trace
from opentelemetry.context import attach, detach, set_value
from opentelemetry.trace import Span, Status, StatusCode

from ..patching.guard import never_raise
from ..patching.patch import Patches
from ..texts import described
from ..upstream import SPAN_KEY, agnostic_context_manager


def guard(patches: Patches) -> None:
    """Replace the function wherever it has been imported."""
    patches.replace_function(trace.use_span, _scope)


# Not by its name in this module, where taking the patch back would replace it too.
@functools.wraps(trace.use_span)
@agnostic_context_manager
def _scope(
    span: Span,
    end_on_exit: bool = False,
    record_exception: bool = True,
    set_status_on_exception: bool = True,
) -> Iterator[Span]:
    """As OpenTelemetry's own: `span` is current within the block, and records an exception that leaves it."""
    try:
        token = attach(set_value(SPAN_KEY, span))
        try:
            yield span
        finally:
            detach(token)
    except Exception as error:
        _record(span, error, record_exception, set_status_on_exception)
        raise
    finally:
        if end_on_exit:
            span.end()


@never_raise("opentelemetry")
def _record(span: Span, error: Exception, record_exception: bool, set_status: bool) -> None:
    if not isinstance(span, Span) or not span.is_recording():
        return
    if record_exception:
        span.record_exception(error)
    if set_status:
        span.set_status(Status(StatusCode.ERROR, described(error)))
