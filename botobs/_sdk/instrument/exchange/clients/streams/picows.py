"""Watches picows' client WebSockets, and those of `picows.websockets`, which it opens in the same way.

Its transport is a compiled class: what a program sends over it is not seen, nor that it calls `disconnect()`. A
connection that ends without a close frame of either side counts as lost.
"""

from __future__ import annotations

import functools
import weakref
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

_LIBRARY = "picows"
#: Close codes with which picows itself refuses what comes, or ends after an exception in the program's own code.
_REFUSES = frozenset({1002, 1007, 1009, 1011})
#: How the reason of the close frame begins that picows sends when a ping was not answered.
_NO_PONG = "peer has not replied to ping"
#: Bytes of the longest message that is looked at: one that says that a listen key has expired is shorter.
_LOOKED_AT = 1024

Method = Callable[..., Any]


class Picows:
    """The instrumentation named `picows`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch connections that are opened from now on."""

        def imported(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            connect = _connect(exchanges, module.ws_connect, _watching(exchanges, module.WSListener))
            self._patches.replace_function(module.ws_connect, connect)

        self._patches.on_import("picows", imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


_begin = never_raise(_LIBRARY)(raw.begin)


def _connect(exchanges: ExchangeTelemetry, wrapped: Method, watching: type[Any]) -> Method:
    @functools.wraps(wrapped)
    async def ws_connect(ws_listener_factory: Method, url: Any, *args: Any, **kwargs: Any) -> Any:
        connection = _begin(exchanges, _LIBRARY, connection_events.host_of(url))
        if connection is None:
            return await wrapped(ws_listener_factory, url, *args, **kwargs)

        def listener(*handshake: Any) -> Any:
            return watching(connection, ws_listener_factory(*handshake))

        with raw.attempt(exchanges, connection, connection_events.owned_context()):
            transport, made = await wrapped(listener, url, *args, **kwargs)
        return transport, made.listener

    return ws_connect


def _watching(exchanges: ExchangeTelemetry, base: type[Any]) -> type[Any]:
    """The class of listeners that stand between picows and the program's own: that may be a compiled class, too."""

    class Watching(base):  # type: ignore[misc]
        def __init__(self, connection: Connection, listener: Any) -> None:
            self.connection = connection
            self.listener = listener

        def on_ws_connected(self, transport: Any) -> None:
            _bind(self.connection, transport)
            self.listener.on_ws_connected(transport)

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type in raw.DATA:
                _received(self.connection, frame)
            self.listener.on_ws_frame(transport, frame)

        def on_ws_disconnected(self, transport: Any) -> None:
            _report_end(exchanges, self.connection, transport)
            self.listener.on_ws_disconnected(transport)

        def send_user_specific_ping(self, transport: Any) -> None:
            self.listener.send_user_specific_ping(transport)

        def is_user_specific_pong(self, frame: Any) -> Any:
            return self.listener.is_user_specific_pong(frame)

        def pause_writing(self) -> None:
            self.listener.pause_writing()

        def resume_writing(self) -> None:
            self.listener.resume_writing()

    return Watching


@never_raise(_LIBRARY)
def _bind(connection: Connection, transport: Any) -> None:
    reference = connection.client = weakref.ref(transport)
    connection.gone = lambda: _gone(reference())


@never_raise(_LIBRARY)
def _received(connection: Connection, frame: Any) -> None:
    size = frame.payload_size
    if size <= _LOOKED_AT:
        connection.received(monotonic(), frame.get_payload_as_bytes())
    else:
        connection.bytes += size
        connection.received(monotonic(), None)


@never_raise(_LIBRARY)
def _report_end(exchanges: ExchangeTelemetry, connection: Connection, transport: Any) -> None:
    handshake = transport.close_handshake
    sent, received = getattr(handshake, "sent", None), getattr(handshake, "recv", None)
    if received is not None and (sent is None or handshake.recv_then_sent):
        connection_events.ended(exchanges, connection, "remote", int(received.code))
    elif sent is None:
        connection_events.ended(exchanges, connection, "error", raw.ABNORMAL)
    elif str(sent.reason).startswith(_NO_PONG):
        connection_events.ended(exchanges, connection, "keepalive", int(sent.code))
    else:
        reason = "error" if int(sent.code) in _REFUSES else "user"
        connection_events.ended(exchanges, connection, reason, int(sent.code))


def _gone(transport: Any) -> str | None:
    """A connection whose loop has ended, or whose objects are collected."""
    loop = getattr(getattr(transport, "underlying_transport", None), "_loop", None)
    return "user" if transport is None or (loop is not None and loop.is_closed()) else None
