"""One database span a call: a driver stays silent while the layer above it has an operation open.

SQLAlchemy on asyncpg is two instrumented libraries and one call. The upper layer opens an operation here; the lower
one asks first. It is held weakly: should the upper layer lose its operation without closing it, the driver is heard
again.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.instrumentation.utils import is_instrumentation_enabled


class OpenOperation:
    """A database operation that a library has begun and not finished."""

    __slots__ = ("__weakref__", "finished")

    def __init__(self) -> None:
        self.finished = False


_INNERMOST: ContextVar[weakref.ref[OpenOperation] | None] = ContextVar(
    "botobs_database_operation", default=None
)


def is_heard() -> bool:
    """Whether a database call that starts now is to be recorded: no operation above it, no suppression."""
    reference = _INNERMOST.get()
    if reference is not None:
        operation = reference()
        if operation is not None and not operation.finished:
            return False
    return is_instrumentation_enabled()


def enter(operation: OpenOperation) -> None:
    """Let `operation` stand for all database calls of this context until it is finished."""
    _INNERMOST.set(weakref.ref(operation))


@contextmanager
def silence() -> Iterator[None]:
    """Record no database call within: a library's own housekeeping."""
    operation = OpenOperation()
    token = _INNERMOST.set(weakref.ref(operation))
    try:
        yield
    finally:
        operation.finished = True
        _INNERMOST.reset(token)
