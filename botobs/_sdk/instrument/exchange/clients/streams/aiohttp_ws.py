"""Watches aiohttp's client WebSockets, but for those that ccxt opens, which `ccxt_ws` sees more of.

Messages are counted when the application takes them: aiohttp has no public place where they arrive.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from time import monotonic
from types import ModuleType
from typing import Any

from .....patching.guard import never_raise
from .....patching.patch import Patches
from ....base import Telemetry
from ....shared import once_per_provider
from ... import connection_events
from ...state import Connection
from ...telemetry import ExchangeTelemetry
from . import raw

_LIBRARY = "aiohttp_ws"
#: `aiohttp.WSMsgType` of messages that end a connection: the other side's close frame, ours, and an error.
_CLOSE, _CLOSING, _CLOSED, _ERROR = 0x8, 0x100, 0x101, 0x102
_ENDS = frozenset({_CLOSE, _CLOSING, _CLOSED, _ERROR})
_PINGS = frozenset({0x9, 0xA})

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
                self._patches.replace_method(
                    response, name, functools.partial(raw.counting_sent, is_open=_is_open)
                )
            if hasattr(response, "_pong_not_received"):
                self._patches.replace_method(
                    response, "_pong_not_received", functools.partial(_pong_not_received, exchanges)
                )

        self._patches.on_import("aiohttp.client", imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


_begin = never_raise(_LIBRARY)(raw.begin)


def _connect(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def connect(self: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        connection = _begin(exchanges, "aiohttp", connection_events.host_of(url))
        if connection is None:
            return await wrapped(self, url, *args, **kwargs)
        with raw.attempt(exchanges, connection, connection_events.owned_context()):
            response = await wrapped(self, url, *args, **kwargs)
            # Before it is open: other threads ask what is open whether it still is.
            _bind(connection, response)
        return response

    return connect


@never_raise(_LIBRARY)
def _bind(connection: Connection, response: Any) -> None:
    reference = raw.bind(connection, response, _gone)
    connection.backlog = lambda: len(getattr(getattr(reference(), "_reader", None), "_buffer", ()))


def _is_open(response: Any) -> bool:
    connection = getattr(response, "_conn", None)
    transport = getattr(connection, "transport", None)
    return not response.closed and (transport is None or not transport.is_closing())


def _gone(response: Any) -> str | None:
    """How a connection has ended whose session was closed or whose loop has ended; None while neither has."""
    if response is None:
        return "user"
    loop, below = getattr(response, "_loop", None), getattr(response, "_response", None)
    session = getattr(below, "_session", None)
    if (loop is not None and loop.is_closed()) or (session is not None and session.closed):
        return "user"
    return None


def _receive(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = raw.of(self)
        if connection is None:
            return await wrapped(self, *args, **kwargs)
        # aiohttp closes from in here, too: when the other side has, and when it refuses a message.
        self._botobs_receiver = asyncio.current_task()
        try:
            message = await wrapped(self, *args, **kwargs)
        finally:
            self._botobs_receiver = None
        if message.type in _ENDS:
            _report_end(exchanges, connection, message)
        elif message.type not in _PINGS:
            connection.received(monotonic(), message.data)
        return message

    return receive


@never_raise(_LIBRARY)
def _report_end(exchanges: ExchangeTelemetry, connection: Connection, message: Any) -> None:
    if message.type == _CLOSE:
        connection_events.ended(exchanges, connection, "remote", message.data)
    elif message.type == _ERROR:
        # A `WebSocketError` has the code that our side closes with, such as 1009.
        connection_events.ended(exchanges, connection, "error", getattr(message.data, "code", raw.ABNORMAL))
    elif message.type == _CLOSED:
        # Closed by the program it has been reported already; else the TCP connection has ended.
        connection_events.ended(exchanges, connection, "error", raw.ABNORMAL)


def _close(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = raw.of(self)
        receiver = self.__dict__.get("_botobs_receiver")
        if connection is not None and (receiver is None or receiver is not asyncio.current_task()):
            connection_events.ended(exchanges, connection, "user", kwargs.get("code", 1000))
        return await wrapped(self, *args, **kwargs)

    return close


def _pong_not_received(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def pong_not_received(self: Any) -> None:
        connection = raw.of(self)
        if connection is not None:
            connection_events.ended(exchanges, connection, "keepalive")
        wrapped(self)

    return pong_not_received
