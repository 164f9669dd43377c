"""Watches `websockets.legacy`, which websockets has up to release 16, and alpaca-py and coinbase-advanced-py use."""

from __future__ import annotations

import functools
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
from . import raw

_LIBRARY = "websockets_legacy"
#: Value of `exchange.client`: users know one library.
_CLIENT = "websockets"
_PENDING = context.create_key("botobs-websockets-legacy-pending")

Method = Callable[..., Any]


class WebsocketsLegacy:
    """The instrumentation named `websockets_legacy`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch connections that are opened from now on."""

        def imported(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            self._patches.replace_method(
                module.Connect, "__await_impl__", functools.partial(_connect, exchanges)
            )
            protocol = module.WebSocketClientProtocol
            self._patches.replace_method(protocol, "handshake", _attach)
            self._patches.replace_method(protocol, "read_message", _read_message)
            self._patches.replace_method(
                protocol, "send", functools.partial(raw.counting_sent, is_open=_is_open)
            )
            self._patches.replace_method(protocol, "close", raw.noting_close)
            self._patches.replace_method(protocol, "connection_lost", functools.partial(_lost, exchanges))

        self._patches.on_import("websockets.legacy.client", imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


_begin = never_raise(_LIBRARY)(raw.begin)
_bind = never_raise(_LIBRARY)(raw.bind)


def _connect(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def connect(self: Any) -> Any:
        connection = _begin(exchanges, _CLIENT, connection_events.host_of(getattr(self, "_uri", "")))
        if connection is None:
            return await wrapped(self)
        with raw.attempt(exchanges, connection, context.set_value(_PENDING, connection)):
            return await wrapped(self)

    return connect


def _attach(wrapped: Method) -> Method:
    """Frames may come before `connect` returns, so that the connection must be known from the handshake on."""

    async def handshake(self: Any, *args: Any, **kwargs: Any) -> Any:
        pending = context.get_value(_PENDING)
        if isinstance(pending, Connection):
            _bind(pending, self, _gone)
        return await wrapped(self, *args, **kwargs)

    return handshake


def _is_open(protocol: Any) -> bool:
    return bool(protocol.open)


def _gone(protocol: Any) -> str | None:
    """An event loop that ended took its connections with it."""
    return "user" if protocol is None or protocol.loop.is_closed() else None


def _read_message(wrapped: Method) -> Method:
    async def read_message(self: Any) -> Any:
        message = await wrapped(self)
        connection = raw.of(self)
        if connection is not None and message is not None:
            connection.received(monotonic(), message)
        return message

    return read_message


def _lost(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def connection_lost(self: Any, error: Any) -> Any:
        result = wrapped(self, error)
        _report_end(exchanges, self)
        return result

    return connection_lost


@never_raise(_LIBRARY)
def _report_end(exchanges: ExchangeTelemetry, protocol: Any) -> None:
    connection = raw.of(protocol)
    if connection is None:
        return
    reason, code = raw.end_of(
        protocol.close_sent,
        protocol.close_rcvd,
        protocol.close_rcvd_then_sent,
        protocol.close_code,
        raw.is_closing(protocol),
    )
    connection_events.ended(exchanges, connection, reason, code)
