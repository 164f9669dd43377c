"""The current context of `opentelemetry.context`, read and set directly.

`opentelemetry.context.attach` and `trace.set_span_in_context` copy the context twice and pass four Python functions.
The context lives in one `ContextVar`; reading, setting and resetting that variable is what they do in the end, so
everything that uses the public functions sees the same contexts. If another runtime context is configured
(`OTEL_PYTHON_CONTEXT`), its own methods are used.

A `Context` is a dictionary that forbids the assignment of items. The contexts made here are plain dictionaries, which
are made in a third of the time; all that OpenTelemetry does with one, reading and copying, is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from opentelemetry import context as _upstream
from opentelemetry.context import Context

from .upstream import SPAN_KEY, context_functions

current: Callable[[], Context]
attach: Callable[[Any], Any]
detach: Callable[[Any], None]
current, attach, detach = context_functions()

#: True on the export thread: what is logged there would beget more of it.
exporting: ContextVar[bool] = ContextVar("botobs-exporting", default=False)


def leave(token: Any) -> None:
    """Go back to the context before `attach`. Where that is impossible, OpenTelemetry's own function logs it."""
    try:
        detach(token)
    except Exception:
        _upstream.detach(token)


def is_plain(context: Any) -> bool:
    """Whether a context that was passed is a `Context` or a dict; a subclass of the service's may do anything."""
    return type(context) is Context or type(context) is dict


__all__ = ["SPAN_KEY", "Context", "attach", "current", "detach", "exporting", "is_plain", "leave"]
