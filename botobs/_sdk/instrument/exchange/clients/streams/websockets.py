"""Watches the clients of the `websockets` library, asynchronous and threaded."""

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
from ... import connection_events
from ...state import Connection
from ...telemetry import ExchangeTelemetry
from . import raw, websockets_common

_LIBRARY = "websockets"

Method = Callable[..., Any]


class Websockets:
    """The instrumentation named `websockets`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch connections that are opened from now on."""

        def asynchronous(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            # websockets 14 to 16 connect in `__await_impl__`, later ones in `connect`.
            for name in ("connect", "__await_impl__"):
                if name in vars(module.connect):
                    connecting = functools.partial(websockets_common.connecting, exchanges, _uri)
                    self._patches.replace_method(module.connect, name, connecting)
            connection = module.ClientConnection
            self._patches.replace_method(
                connection, "handshake", functools.partial(websockets_common.attaching, _bind)
            )
            self._patches.replace_method(
                connection, "process_event", functools.partial(_process_event, exchanges)
            )
            self._patches.replace_method(
                connection, "connection_lost", functools.partial(_connection_lost, exchanges)
            )
            self._patches.replace_method(
                connection, "send", functools.partial(raw.counting_sent, is_open=_is_open)
            )
            self._patches.replace_method(connection, "close", raw.noting_close)

        def threaded(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            connection = module.ClientConnection
            # `connect` connects by `reconnect.connect` from websockets 17 on.
            opener = getattr(module, "reconnect", None)
            if isinstance(opener, type) and hasattr(opener, "connect"):
                self._patches.replace_method(opener, "connect", _connecting)
            else:
                self._patches.replace_function(module.connect, _connecting(module.connect))
            self._patches.replace_method(connection, "handshake", functools.partial(_handshake, exchanges))
            self._patches.replace_method(
                connection, "process_event", functools.partial(_process_event, exchanges)
            )
            self._patches.replace_method(
                connection, "recv_events", functools.partial(_connection_lost, exchanges)
            )
            self._patches.replace_method(
                connection, "send", functools.partial(raw.counting_sent, is_open=_is_open)
            )
            self._patches.replace_method(connection, "close", raw.noting_close)

        self._patches.on_import("websockets.asyncio.client", asynchronous)
        self._patches.on_import("websockets.sync.client", threaded)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


@never_raise(_LIBRARY)
def _bind(connection: Connection, client: Any) -> None:
    reference = raw.bind(connection, client, _gone)
    connection.backlog = lambda: len(getattr(getattr(reference(), "recv_messages", None), "frames", ()))


def _connecting(wrapped: Method) -> Method:
    """Nothing of an order was sent over a connection that was never opened."""

    @functools.wraps(wrapped)
    def connect(*args: Any, **kwargs: Any) -> Any:
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            raw.not_sent(error)
            raise

    return connect


def _handshake(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def handshake(self: Any, *args: Any, **kwargs: Any) -> Any:
        host = str(getattr(getattr(self.protocol, "uri", None), "host", ""))
        connection = websockets_common.begin(exchanges, host)
        if connection is None:
            return wrapped(self, *args, **kwargs)
        _bind(connection, self)
        try:
            result = wrapped(self, *args, **kwargs)
        except BaseException as error:
            connection_events.refused(exchanges, connection, error, connection.caller)
            raise
        connection_events.opened(exchanges, connection, connection.caller)
        return result

    return handshake


def _process_event(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def process_event(self: Any, event: Any) -> None:
        wrapped(self, event)
        connection = raw.of(self)
        if connection is not None and hasattr(event, "opcode"):
            if event.opcode in raw.DATA:
                connection.received(monotonic(), event.data)
            elif event.opcode == raw.PONG:
                _measure_latency(exchanges, connection, self)

    return process_event


@never_raise(_LIBRARY)
def _measure_latency(exchanges: ExchangeTelemetry, connection: Connection, client: Any) -> None:
    if client.latency > 0:
        exchanges.heartbeat_rtt.record(client.latency, connection_events.connection_attributes(connection))


def _connection_lost(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def lost(self: Any, *args: Any) -> None:
        wrapped(self, *args)
        websockets_common.report_end(exchanges, self, getattr(self, "protocol", None))

    return lost


def _uri(connect: Any) -> object:
    return connect.uri


def _is_open(client: Any) -> bool:
    return getattr(client.protocol.state, "name", "") == "OPEN"


def _gone(client: Any) -> str | None:
    """An event loop that ended took its connections with it."""
    loop = getattr(client, "loop", None)
    return "user" if client is None or (loop is not None and loop.is_closed()) else None
