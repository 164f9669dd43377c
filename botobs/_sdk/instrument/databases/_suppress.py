"""One database span a call: drivers stay silent while the layer above them has an operation open.

SQLAlchemy on a driver is two instrumented libraries and one call, whether the driver is watched by botobs (asyncpg) or
by an upstream instrumentor (psycopg, sqlite3, …). All of them ask OpenTelemetry's context whether they are suppressed.
What stands there is true only as long as the operation is open: SQLAlchemy's events give no safe place to take it out
again, and a forgotten operation must not silence a task for the rest of its life.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from opentelemetry.instrumentation.utils import is_instrumentation_enabled as is_heard

__all__ = ["OpenOperation", "enter", "is_heard", "silence"]


class OpenOperation:
    """A database operation that a library has begun and not finished."""

    __slots__ = ("__weakref__", "finished")

    def __init__(self) -> None:
        self.finished = False


class _While:
    """True as long as an operation exists and is not finished."""

    __slots__ = ("_operation",)

    def __init__(self, operation: OpenOperation) -> None:
        self._operation = weakref.ref(operation)

    def __bool__(self) -> bool:
        operation = self._operation()
        return operation is not None and not operation.finished


def enter(operation: OpenOperation) -> None:
    """Let `operation` stand for all calls of this context until it is finished."""
    context.attach(context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, _While(operation)))


@contextmanager
def silence() -> Iterator[None]:
    """Record nothing within: a library's own housekeeping."""
    token = context.attach(context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    try:
        yield
    finally:
        context.detach(token)
