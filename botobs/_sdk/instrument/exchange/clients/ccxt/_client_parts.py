"""Changes to single ccxt.pro clients, as opposed to their class: decoded messages and pings pass by here."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Any

from .....patching.guard import never_raise, report
from ... import integrity
from ...state import Connection
from ...telemetry import ExchangeTelemetry
from ..binance.limits import read_limits

_LIBRARY = "ccxt_ws"


class ClientParts:
    """Remembers which clients were changed, so that they can be changed back."""

    def __init__(self) -> None:
        self._taken: weakref.WeakSet[Any] = weakref.WeakSet()

    def take(self, exchanges: ExchangeTelemetry, client: Any, connection: Connection) -> None:
        """Look at the decoded messages of `client`, if its exchange numbers them, and at its textual pings."""
        self._taken.add(client)
        if "/ws-api/" in client.url:
            # Nothing but responses comes over this connection, each with what is used of the limits.
            client.on_message_callback = _reading_limits(exchanges, connection, client.on_message_callback)
        else:
            connection.check = integrity.sequence_check(connection.key[0])
        if connection.check is not None:
            client.on_message_callback = _checking(connection, connection.check, client.on_message_callback)
        if getattr(client, "ping", None):
            client.ping = _stamping(connection, client.ping)
        reference = weakref.ref(client)
        connection.backlog = lambda: len(getattr(reference(), "buffer", None) or ())

    @never_raise(_LIBRARY)
    def watch_pings(self, socket: Any, client: Any, connection: Connection) -> None:
        """Note the times of protocol pings on an aiohttp WebSocket."""
        ping = socket.ping
        reference = weakref.ref(client)

        @functools.wraps(ping)
        async def stamped(*args: Any, **kwargs: Any) -> Any:
            _stamp(connection, reference())
            return await ping(*args, **kwargs)

        socket.ping = stamped

    def release_all(self) -> None:
        """Restore the original parts of every client."""
        for client in list(self._taken):
            for name in ("on_message_callback", "ping"):
                part = getattr(client, name, None)
                if part is not None and getattr(part, "_botobs", False):
                    setattr(client, name, part.__wrapped__)
            client.__dict__.pop("_botobs", None)
        self._taken.clear()


def _reading_limits(
    exchanges: ExchangeTelemetry, connection: Connection, wrapped: Callable[..., Any]
) -> Callable[..., Any]:
    read = never_raise(_LIBRARY)(read_limits)

    @functools.wraps(wrapped)
    def on_message(client: Any, message: Any) -> Any:
        if message.__class__ is dict and "rateLimits" in message:
            read(exchanges, connection, message)
        return wrapped(client, message)

    on_message.__self__ = wrapped.__self__  # type: ignore[attr-defined]
    on_message._botobs = True  # type: ignore[attr-defined]
    return on_message


def _checking(
    connection: Connection, check: integrity.SequenceCheck, wrapped: Callable[..., Any]
) -> Callable[..., Any]:
    # Every message passes here, so the check's parts are called without detours.
    dialect, last = check.dialect, check.last

    @functools.wraps(wrapped)
    def on_message(client: Any, message: Any) -> Any:
        try:
            missing = dialect(last, message)
        except Exception as error:
            report(_LIBRARY, error)
        else:
            if missing is not None:
                connection.checks += 1
                if missing:
                    connection.gaps += missing
        return wrapped(client, message)

    # Whose method it is stays visible: ccxt users and this package ask.
    on_message.__self__ = wrapped.__self__  # type: ignore[attr-defined]
    on_message._botobs = True  # type: ignore[attr-defined]
    return on_message


def _stamping(connection: Connection, wrapped: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    def ping(client: Any) -> Any:
        _stamp(connection, client)
        return wrapped(client)

    ping._botobs = True  # type: ignore[attr-defined]
    return ping


def _stamp(connection: Connection, client: Any) -> None:
    connection.pong_mark = getattr(client, "lastPong", None)
    connection.ping_sent = monotonic()
    connection.sample_at = 0.0
