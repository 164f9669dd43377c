"""One span a call: layers below stay silent while the layer above them has an operation open.

SQLAlchemy on a driver is two instrumented libraries and one call, whether the driver is watched by botobs (asyncpg) or
by an upstream instrumentor (psycopg, sqlite3, …); requests on urllib3 is the same. All of them ask OpenTelemetry's
context whether they are suppressed.

A context is copied into every task, callback and thread that begins meanwhile, and those live on. So what stands in
there is true only as long as the operation is open, and only in the thread and the task that have begun it.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled as is_http_heard
from opentelemetry.instrumentation.utils import is_instrumentation_enabled as is_heard

from ..upstream import SUPPRESS_HTTP_INSTRUMENTATION, SUPPRESS_INSTRUMENTATION, SUPPRESS_INSTRUMENTATION_PLAIN

__all__ = ["KEYS", "OpenOperation", "enter", "is_heard", "is_http_heard", "silence", "silence_http"]

#: What stands in a context while something is suppressed.
KEYS = frozenset(
    {
        SUPPRESS_INSTRUMENTATION,
        SUPPRESS_HTTP_INSTRUMENTATION,
        SUPPRESS_INSTRUMENTATION_PLAIN,
    }
)


class OpenOperation:
    """An operation that a library has begun and not finished."""

    __slots__ = ("__weakref__", "finished")

    def __init__(self) -> None:
        self.finished = False


class _While:
    """True as long as an operation exists and is not finished, where it was begun."""

    __slots__ = ("_operation", "_task", "_thread")

    def __init__(self, operation: OpenOperation) -> None:
        self._operation = weakref.ref(operation)
        self._thread = threading.get_ident()
        self._task = _current_task()

    def __bool__(self) -> bool:
        operation = self._operation()
        return (
            operation is not None
            and not operation.finished
            and self._thread == threading.get_ident()
            and self._task == _current_task()
        )


def _current_task() -> int:
    """The id of the running task; 0 without one, in a callback for example."""
    loop = asyncio._get_running_loop()
    return 0 if loop is None else id(asyncio.current_task(loop))


def enter(operation: OpenOperation) -> None:
    """Let `operation` stand for all calls of this thread and task until it is finished."""
    context.attach(context.set_value(SUPPRESS_INSTRUMENTATION, _While(operation)))


@contextmanager
def silence() -> Iterator[None]:
    """Record nothing within: a library's own housekeeping."""
    with _suppressed(SUPPRESS_INSTRUMENTATION):
        yield


@contextmanager
def silence_http() -> Iterator[None]:
    """Record no HTTP request within: it belongs to one that is recorded already."""
    with _suppressed(SUPPRESS_HTTP_INSTRUMENTATION):
        yield


@contextmanager
def _suppressed(key: str) -> Iterator[None]:
    operation = OpenOperation()
    token = context.attach(context.set_value(key, _While(operation)))
    try:
        yield
    finally:
        operation.finished = True
        context.detach(token)
