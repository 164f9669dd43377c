"""Database operations as spans and durations, for every database library alike."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from opentelemetry.metrics import Histogram
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from ....semconv import database as semconv
from ...patching.guard import never_raise
from ...safe import class_name, let_pass
from ..base import Telemetry
from ..shared import once_per_provider
from ..suppression import OpenOperation, enter
from ._operation_names import OperationNames
from ._sql import parse

_SQLSTATE = re.compile(r"[0-9A-Z]{5}\Z")


@dataclass(frozen=True, slots=True)
class Target:
    """The database that is called.

    Attributes:
        system: `db.system.name`, such as `postgresql`.
        namespace: The database's name.
        address: Host name, address or socket path.
        port: TCP port.
    """

    system: str
    namespace: str | None = None
    address: str | None = None
    port: int | None = None

    def attributes(self) -> dict[str, str | int]:
        """The attributes that spans and metrics share."""
        attributes: dict[str, str | int] = {semconv.DB_SYSTEM_NAME: self.system}
        if self.namespace:
            attributes[semconv.DB_NAMESPACE] = self.namespace
        if self.address:
            attributes["server.address"] = self.address
        if self.port:
            attributes["server.port"] = self.port
        return attributes

    @property
    def pool_name(self) -> str:
        """`host:port/database`, without user and password; of a database in a file that file."""
        if not self.address:
            return self.namespace or self.system
        host = f"{self.address}:{self.port}" if self.port else self.address
        return f"{host}/{self.namespace or ''}"


class Database:
    """Records the operations of one library."""

    def __init__(self, telemetry: Telemetry, scope: str) -> None:
        self._tracer: Tracer = telemetry.tracer(scope)
        # One meter for all libraries: see _shared.
        self._duration: Histogram = semconv.OPERATION_DURATION.create(telemetry.meter("database"))
        self._names = once_per_provider(telemetry, OperationNames)

    def start(
        self,
        target: Target,
        statement: object,
        batch_size: int | None = None,
        seconds_ago: float = 0.0,
        *,
        has_span: bool = True,
    ) -> Operation:
        """Begin an operation; the caller ends it.

        Args:
            target: The database.
            statement: SQL text, literals and all.
            batch_size: How many rows, or sets of parameters, are sent at once; recorded when more than one.
            seconds_ago: When it began.
            has_span: Whether it gets a span, and what is below it stays silent; its duration is recorded in any case.
        """
        parsed = parse(statement, target.system)
        attributes = target.attributes()
        summary = self._names.name(parsed.operation, parsed.summary)
        if parsed.operation:
            attributes[semconv.DB_OPERATION_NAME] = parsed.operation
            attributes[semconv.DB_QUERY_SUMMARY] = summary
        details: dict[str, str | int] = {semconv.DB_QUERY_TEXT: parsed.text} if parsed.text else {}
        if batch_size is not None and batch_size > 1:
            details[semconv.DB_OPERATION_BATCH_SIZE] = batch_size
        span: Span = INVALID_SPAN
        if has_span:
            span = self._tracer.start_span(
                summary or target.system,
                kind=SpanKind.CLIENT,
                attributes={**attributes, **details},
                start_time=time.time_ns() - int(seconds_ago * 1e9) if seconds_ago else None,
            )
        operation = Operation(span, self._duration, attributes, time.perf_counter() - seconds_ago)
        if has_span:
            enter(operation)
        return operation

    @never_raise("database")
    def failed(self, target: Target, statement: str, error: BaseException, seconds: float) -> None:
        """Record an operation that was not watched until it failed after `seconds`; nothing if it was given up."""
        if isinstance(error, Exception):
            self.start(target, statement, seconds_ago=seconds).end(error)

    def record(self, target: Target, operation: str, seconds: float) -> None:
        """Record the duration of a step without a span, such as a cursor's next batch."""
        self._duration.record(seconds, {**target.attributes(), semconv.DB_OPERATION_NAME: operation})


class Operation(OpenOperation):
    """One call to a database that has begun; drivers below stay silent until it ends."""

    __slots__ = ("_attributes", "_duration", "_span", "_started")

    def __init__(
        self, span: Span, duration: Histogram, attributes: dict[str, str | int], started: float
    ) -> None:
        super().__init__()
        self._span = span
        self._duration = duration
        self._attributes = attributes
        self._started = started

    @never_raise("database")
    def end(self, error: BaseException | None = None) -> None:
        """Finish the operation; a second call does nothing.

        One that was given up, by the cancellation of its task for example, did not fail, and has not succeeded either:
        its span ends without a status, as that of `botobs.span` does, and its duration is not recorded.

        Args:
            error: What it failed with. Its message may hold values, so only its class and SQLSTATE are recorded.
        """
        if self.finished:
            return
        self.finished = True
        seconds = time.perf_counter() - self._started
        span = self._span
        try:
            if error is not None:
                if not isinstance(error, Exception):
                    return
                failure = describe(error)
                self._attributes.update(failure)
                span.set_attributes(failure)
                span.set_status(Status(StatusCode.ERROR, " ".join(reversed(failure.values()))))
            context = set_span_in_context(span) if span.is_recording() else None
            self._duration.record(seconds, self._attributes, context)
        finally:
            span.end()


def row_count(rows: object) -> int | None:
    """How many rows a caller passed; None for an iterator, which is not to be consumed, and for what has no length."""
    try:
        return len(rows)  # type: ignore[arg-type]
    except BaseException as error:
        # A service's own class, whose length may raise anything.
        let_pass(error)
        return None


def describe(error: BaseException) -> dict[str, str]:
    """`error.type` and, when the database responded, `db.response.status_code` (SQLSTATE or the server's number)."""
    try:
        return _described(error)
    except Exception:
        # An exception that raises when it is looked at.
        return {"error.type": class_name(type(error))}


def _described(error: BaseException) -> dict[str, str]:
    # A layer such as SQLAlchemy's asyncpg adapter wraps the driver's exception, whose class says more.
    cause = error.__cause__
    reported = cause if cause is not None and status_code(cause) else error
    attributes = {"error.type": class_name(type(reported))}
    code = status_code(reported) or status_code(error)
    if code:
        attributes[semconv.DB_RESPONSE_STATUS_CODE] = code
    return attributes


def status_code(error: BaseException) -> str | None:
    """The code that the database gave, as asyncpg, psycopg, psycopg2, sqlite3 and the MySQL drivers keep it."""
    for name in ("sqlstate", "pgcode"):
        value = getattr(error, name, None)
        if isinstance(value, str) and _SQLSTATE.match(value):
            return value
    sqlite_code = getattr(error, "sqlite_errorname", None)
    if isinstance(sqlite_code, str):
        return sqlite_code
    number = error.args[0] if error.args else None
    is_driver_error = type(error).__module__.partition(".")[0] in (
        "pymysql",
        "MySQLdb",
        "aiomysql",
        "asyncmy",
        "mysql",
    )
    return str(number) if is_driver_error and isinstance(number, int) else None
