"""What happens to a connection: it is tried, opened, lost, and opened again. The same for every client library."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from ....semconv import exchange as semconv
from ...patching.guard import never_raise
from ...upstream import SUPPRESS_HTTP_INSTRUMENTATION
from . import errors
from .client_names import instrumentation_of
from .instruments import Instruments
from .state import Connection

#: Who opens a WebSocket, where a client library that knows its exchange does.
_OWNER = context.create_key("botobs-exchange-websocket-owner")
#: While true, the WebSocket that is being opened is watched by a library above, and HTTP instrumentation is off.
OWNED = context.create_key("botobs-exchange-websocket-owned")


def _library(*arguments: Any, **_: Any) -> str:
    """The instrumentation that a mistake about a connection is counted under."""
    found = next((each for each in arguments if isinstance(each, Connection)), None)
    return "exchange" if found is None else instrumentation_of(found.key[1], stream=True)


@dataclass(frozen=True, slots=True)
class Owner:
    """A client library that opens a WebSocket with another library.

    Attributes:
        exchange: Value of `exchange.name`.
        client: Value of `exchange.client`.
        tells_streams: Whether its messages are assigned to streams; then nothing is concluded from all together.
    """

    exchange: str
    client: str
    tells_streams: bool


def owned_by(owner: Owner | None) -> context.Context:
    """The current context, in which `owner` opens WebSockets."""
    return context.set_value(_OWNER, owner)


def current_owner() -> Owner | None:
    """The client library that the running code opens a WebSocket for."""
    found = context.get_value(_OWNER)
    return found if isinstance(found, Owner) else None


def connection_attributes(connection: Connection) -> dict[str, str]:
    """The attributes that all metrics of a connection carry."""
    names = (semconv.NAME, semconv.CLIENT, semconv.SERVER_ADDRESS)
    return {name: value for name, value in zip(names, connection.key, strict=True) if value}


def host_of(url: object) -> str:
    """The host of a WebSocket URL; never its path or query, which hold listen keys and tokens."""
    try:
        return (urlsplit(str(url)).hostname or "")[:100]
    except ValueError:
        return ""


def owned_context() -> context.Context:
    """The current context, in which the HTTP library below stays silent."""
    return context.set_value(OWNED, True, context.set_value(SUPPRESS_HTTP_INSTRUMENTATION, True))


@never_raise(_library)
def trying(connection: Connection) -> None:
    """An attempt to connect begins."""
    with connection.changing:
        connection.state = "connecting"
        connection.early_end = None
    connection.started_at = time.monotonic()


@never_raise(_library)
def opened(exchanges: Instruments, connection: Connection, caller: SpanContext | None = None) -> None:
    """The attempt succeeded.

    Args:
        exchanges: Where it is reported.
        connection: What was opened.
        caller: The span that asked for it, which the connection outlives.
    """
    connection.opened_at = connection.last = time.monotonic()
    connection.sample_at = connection.ping_sent = 0.0
    connection.streams.clear()
    connection.restart_check()
    with connection.changing:
        connection.state = "open"
        early = connection.early_end
        was_lost, connection.lost = connection.lost, False
    _record_attempt(exchanges, connection, None, caller)
    if was_lost:
        exchanges.reconnects.add(1, connection_attributes(connection))
    if early is not None:
        ended(exchanges, connection, *early)


@never_raise(_library)
def refused(
    exchanges: Instruments,
    connection: Connection,
    error: BaseException,
    caller: SpanContext | None = None,
) -> None:
    """The attempt failed."""
    with connection.changing:
        connection.state = "closed"
    _record_attempt(exchanges, connection, error, caller)


@never_raise(_library)
def ended(
    exchanges: Instruments,
    connection: Connection,
    reason: str,
    code: object = None,
    client: weakref.ref[Any] | None = None,
) -> None:
    """An open connection ended; later reports of the same end are ignored.

    Where the attempt to connect has not returned yet, the end is reported once it has: another thread may see it first.

    Args:
        exchanges: Where it is reported.
        connection: What ended.
        reason: Who ended it: `user` (the program, or the end of its event loop), `remote` (the other side, with a close
            frame), `keepalive` (a ping without a pong), `error` (the network, or a message that our side refuses).
        code: WebSocket close code, if there was one.
        client: `connection.client` of the one that has ended, where another may have been opened in its place since.
    """
    with connection.changing:
        if client is not None and connection.client is not client:
            return
        # ccxt and python-binance, whose connections have no `gone`, open what was closed while they connected.
        if connection.state == "connecting" and connection.gone is not None:
            connection.early_end = (reason, code)
        if connection.state != "open":
            return
        connection.lost = reason != "user"
        connection.state = "closed" if connection.lost else "idle"
    attributes = {**connection_attributes(connection), semconv.WS_CLOSE_REASON: reason}
    if isinstance(code, int) and 1000 <= code <= 4999:
        attributes[semconv.WS_CLOSE_CODE] = str(code)
    exchanges.disconnects.add(1, attributes)
    if reason == "keepalive":
        exchanges.heartbeat_misses.add(1, connection_attributes(connection))
    if reason == "user":
        connection.streams.clear()
    if connection.answers is not None:
        connection.answers.lost()


@never_raise(_library)
def handler_failed(exchanges: Instruments, connection: Connection, error: BaseException) -> None:
    """An exception left the code that handles a message."""
    exchanges.handler_errors.add(
        1, {**connection_attributes(connection), semconv.ERROR_TYPE: errors.error_type(error)}
    )


def _record_attempt(
    exchanges: Instruments,
    connection: Connection,
    error: BaseException | None,
    caller: SpanContext | None,
) -> None:
    seconds = time.monotonic() - connection.started_at
    attributes = connection_attributes(connection)
    if error is not None:
        cancelled = errors.is_cancellation(error)
        attributes[semconv.ERROR_TYPE] = "TimeoutError" if cancelled else errors.error_type(error)
    exchanges.connect_duration.record(seconds, attributes)
    span = exchanges.tracer.start_span(
        f"ws connect {connection.key[0] or connection.key[2]}",
        context=context.Context(),
        kind=SpanKind.CLIENT,
        attributes=attributes,
        links=[Link(caller)] if caller is not None and caller.is_valid else [],
        start_time=time.time_ns() - int(seconds * 1e9),
    )
    if error is not None:
        span.set_status(Status(StatusCode.ERROR, attributes[semconv.ERROR_TYPE]))
    span.end()


def caller_span() -> SpanContext:
    """The span that the running code is in."""
    return trace.get_current_span().get_span_context()
