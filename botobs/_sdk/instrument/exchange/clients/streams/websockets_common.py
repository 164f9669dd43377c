"""What both generations of the `websockets` library share: how their clients connect, and what tells how they ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry import context

from .....patching.guard import never_raise
from ... import connection_events
from ...state import Connection
from ...telemetry import ExchangeTelemetry
from . import raw

#: Value of `exchange.client`: users know one library.
CLIENT = "websockets"
_PENDING = context.create_key("botobs-websockets-pending")

_begin = never_raise(CLIENT)(raw.begin)


def begin(exchanges: ExchangeTelemetry, host: str) -> Connection | None:
    """An attempt to connect to `host` begins; None when a library above watches it."""
    return _begin(exchanges, CLIENT, host)


def connecting(
    exchanges: ExchangeTelemetry, uri_of: Callable[[Any], object], wrapped: Callable[..., Any]
) -> Callable[..., Any]:
    """Wrap the coroutine function of the library's `connect` object that connects.

    Args:
        exchanges: Where connections are reported.
        uri_of: Gives the address that a `connect` object leads to.
        wrapped: The plain function.
    """

    async def connect(self: Any) -> Any:
        connection = begin(exchanges, connection_events.host_of(uri_of(self)))
        if connection is None:
            return await wrapped(self)
        with raw.attempt(exchanges, connection, context.set_value(_PENDING, connection)):
            return await wrapped(self)

    return connect


def attaching(bind: Callable[[Connection, Any], object], wrapped: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `handshake`: frames may come before `connect` returns, so that the connection must be known from then on.

    Args:
        bind: Makes the library's object the connection.
        wrapped: The plain function.
    """

    async def handshake(self: Any, *args: Any, **kwargs: Any) -> Any:
        pending = context.get_value(_PENDING)
        if isinstance(pending, Connection):
            bind(pending, self)
        return await wrapped(self, *args, **kwargs)

    return handshake


@never_raise(CLIENT)
def report_end(exchanges: ExchangeTelemetry, client: Any, protocol: Any) -> None:
    """The connection that `client` is has ended; `protocol` has the close frames."""
    connection = raw.of(client)
    if connection is None:
        return
    reason, code = raw.end_of(
        protocol.close_sent,
        protocol.close_rcvd,
        protocol.close_rcvd_then_sent,
        protocol.close_code,
        raw.is_closing(client),
    )
    connection_events.ended(exchanges, connection, reason, code)
