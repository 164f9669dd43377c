"""Watches aiohttp's client WebSockets, but for those that ccxt opens, which `ccxt_ws` sees more of.

Messages are counted when the application takes them: aiohttp has no public place where they arrive.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from time import monotonic
from types import ModuleType
from typing import Any

from opentelemetry import context

from .....patching.guard import never_raise
from .....patching.patch import Patches
from ....base import Telemetry
from ....shared import once_per_provider
from ... import connection_events
from ...state import Connection
from ...telemetry import ExchangeTelemetry

_LIBRARY = "aiohttp_ws"
#: `aiohttp.WSMsgType` of messages that tell of the end: CLOSE, CLOSING, CLOSED, ERROR.
_ENDS = frozenset({0x8, 0x100, 0x101, 0x102})

Method = Callable[..., Any]


class AiohttpWebSocket:
    """The instrumentation named `aiohttp_ws`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch connections that are opened from now on."""

        def imported(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            self._patches.replace_method(
                module.ClientSession, "_ws_connect", functools.partial(_connect, exchanges)
            )
            response = module.ClientWebSocketResponse
            self._patches.replace_method(response, "receive", functools.partial(_receive, exchanges))
            self._patches.replace_method(response, "close", functools.partial(_close, exchanges))
            for name in ("send_str", "send_bytes"):
                self._patches.replace_method(response, name, _send)
            if hasattr(response, "_pong_not_received"):
                self._patches.replace_method(
                    response, "_pong_not_received", functools.partial(_pong_not_received, exchanges)
                )

        self._patches.on_import("aiohttp.client", imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


@never_raise(_LIBRARY)
def _connection(exchanges: ExchangeTelemetry, url: Any) -> Connection | None:
    """A connection to the host of `url`; None when a library above watches it."""
    if context.get_value(connection_events.OWNED):
        return None
    host = connection_events.host_of(url)
    connection = exchanges.connection(None, connection_events.exchange_at(host), "aiohttp", host)
    connection.caller = connection_events.caller_span()
    connection_events.trying(connection)
    return connection


def _connect(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def connect(self: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        connection = _connection(exchanges, url)
        if connection is None:
            return await wrapped(self, url, *args, **kwargs)
        token = context.attach(connection_events.owned_context())
        try:
            response = await wrapped(self, url, *args, **kwargs)
        except BaseException as error:
            connection_events.refused(exchanges, connection, error, connection.caller)
            raise
        finally:
            context.detach(token)
        connection_events.opened(exchanges, connection, connection.caller)
        _bind(connection, response)
        return response

    return connect


@never_raise(_LIBRARY)
def _bind(connection: Connection, response: Any) -> None:
    response._botobs = connection
    reference = connection.client = weakref.ref(response)
    connection.backlog = lambda: len(getattr(getattr(reference(), "_reader", None), "_buffer", ()))


def _receive(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        message = await wrapped(self, *args, **kwargs)
        connection = self.__dict__.get("_botobs")
        if connection is not None:
            if message.type in _ENDS:
                connection_events.ended(exchanges, connection, "remote", self.close_code)
            else:
                connection.messages += 1
                connection.last = monotonic()
                data = message.data
                if data.__class__ is str or data.__class__ is bytes:
                    connection.bytes += len(data)
        return message

    return receive


def _close(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = self.__dict__.get("_botobs")
        if connection is not None:
            # aiohttp closes by itself when the other side has; then it has a close code already.
            reason = "user" if self.close_code is None else "remote"
            connection_events.ended(
                exchanges, connection, reason, self.close_code or kwargs.get("code", 1000)
            )
        return await wrapped(self, *args, **kwargs)

    return close


def _pong_not_received(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def pong_not_received(self: Any) -> None:
        connection = self.__dict__.get("_botobs")
        if connection is not None:
            connection_events.ended(exchanges, connection, "keepalive")
        wrapped(self)

    return pong_not_received


def _send(wrapped: Method) -> Method:
    async def send(self: Any, *args: Any, **kwargs: Any) -> None:
        connection = self.__dict__.get("_botobs")
        if connection is not None:
            connection.sent += 1
        await wrapped(self, *args, **kwargs)

    return send
