"""Watches `websockets.legacy`, which websockets has up to release 16, and alpaca-py and coinbase-advanced-py use."""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import monotonic
from types import ModuleType
from typing import Any

from .....patching.guard import never_raise
from .....patching.patch import Patches
from ....base import Telemetry
from ....shared import once_per_provider
from ...state import Connection
from ...telemetry import ExchangeTelemetry
from . import raw, websockets_common

_LIBRARY = "websockets_legacy"

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
            connecting = functools.partial(websockets_common.connecting, exchanges, _uri)
            self._patches.replace_method(module.Connect, "__await_impl__", connecting)
            protocol = module.WebSocketClientProtocol
            attaching = functools.partial(websockets_common.attaching, _bind)
            self._patches.replace_method(protocol, "handshake", attaching)
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


@never_raise(_LIBRARY)
def _bind(connection: Connection, protocol: Any) -> None:
    raw.bind(connection, protocol, _gone)


def _uri(connect: Any) -> object:
    return getattr(connect, "_uri", "")


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
        websockets_common.report_end(exchanges, self, self)
        return result

    return connection_lost
