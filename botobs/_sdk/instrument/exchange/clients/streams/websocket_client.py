"""Watches websocket-client, which pybit, binance-connector, KuCoin's and Hyperliquid's clients use.

`WebSocketApp` makes a new `WebSocket` for each attempt, and closes the old one itself: who wanted that is read from
the app.
"""

from __future__ import annotations

import functools
import sys
import time
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from threading import get_ident
from time import monotonic
from types import ModuleType
from typing import Any

from .....patching.guard import never_raise
from .....patching.patch import Patches
from ....base import Telemetry
from ....shared import once_per_provider
from ... import connection_events
from ...telemetry import ExchangeTelemetry
from . import raw

_LIBRARY = "websocket_client"
#: The app that connects; another thread runs it, so the app itself stores its creator.
_APP: ContextVar[weakref.ref[Any] | None] = ContextVar("botobs-websocket-app", default=None)

Method = Callable[..., Any]


class WebsocketClient:
    """The instrumentation named `websocket_client`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch connections that are opened from now on."""

        def imported(module: ModuleType) -> None:
            if not (hasattr(module, "WebSocket") and hasattr(module, "WebSocketApp")):
                # Another package of the same name.
                return
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            hooks: dict[str, Callable[..., Method]] = {
                "connect": functools.partial(_connect, exchanges),
                "recv_data_frame": functools.partial(_receive, exchanges),
                "send": functools.partial(raw.counting_sent, is_open=_is_open),
                "send_close": _send_close,
                "close": functools.partial(_close, exchanges),
                "shutdown": functools.partial(_shutdown, exchanges),
            }
            for name, hook in hooks.items():
                self._patches.replace_method(module.WebSocket, name, hook)
            self._patches.replace_method(module.WebSocketApp, "__init__", _make_app)
            self._patches.replace_method(module.WebSocketApp, "run_forever", _run_forever)
            self._patches.replace_method(
                module.WebSocketApp, "close", functools.partial(_close_app, exchanges)
            )
            self._patches.replace_method(module.WebSocketApp, "_stop_ping_thread", _stop_pings)

        self._patches.on_import("websocket", imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


_begin = never_raise(_LIBRARY)(raw.begin)
_bind = never_raise(_LIBRARY)(raw.bind)


def _connect(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def connect(self: Any, url: Any, **options: Any) -> Any:
        app = _app_of(_APP.get())
        owner = getattr(app, "_botobs_owner", None)
        connection = _begin(exchanges, _LIBRARY, connection_events.host_of(url), owner)
        if connection is None:
            return wrapped(self, url, **options)
        _bind(connection, self, _gone)
        self._botobs_app = _APP.get()
        with raw.attempt(exchanges, connection, connection_events.owned_context()):
            return wrapped(self, url, **options)

    return connect


def _was_opened(socket: Any) -> bool:
    """Whether the other side has accepted the connection; until then, the library ignores `close`."""
    return getattr(socket, "handshake_response", None) is not None


def _is_open(socket: Any) -> bool:
    return bool(socket.connected)


def _gone(socket: Any) -> str | None:
    if socket is None:
        return "user"
    # It stops being connected with the first close frame; a thread that receives reports how it ends.
    return None if socket.connected or socket.__dict__.get("_botobs_receiver") else _reason(socket)


def _receive(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def recv_data_frame(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._botobs_receiver = get_ident()
        try:
            opcode, frame = received = wrapped(self, *args, **kwargs)
        except BaseException as error:
            _failed(exchanges, self, error)
            raise
        finally:
            self._botobs_receiver = 0
        _look_at(exchanges, self, opcode, frame)
        return received

    return recv_data_frame


@never_raise(_LIBRARY)
def _look_at(exchanges: ExchangeTelemetry, socket: Any, opcode: int, frame: Any) -> None:
    connection = raw.of(socket)
    if connection is None:
        return
    data = getattr(frame, "data", frame)
    if opcode in raw.DATA:
        connection.received(monotonic(), data)
        raw.receiving.set(connection)
    elif opcode == raw.CLOSE:
        code = int.from_bytes(data[:2], "big") if len(data) >= 2 else None
        reason = "user" if raw.is_closing(socket) else "remote"
        connection_events.ended(exchanges, connection, reason, code)


@never_raise(_LIBRARY)
def _failed(exchanges: ExchangeTelemetry, socket: Any, error: BaseException) -> None:
    connection = raw.of(socket)
    # A time-out of `recv` is the program's own, after which it goes on.
    if connection is not None and _was_opened(socket) and "Timeout" not in type(error).__name__:
        connection_events.ended(exchanges, connection, _reason(socket), raw.ABNORMAL)


def _close(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        _closed(exchanges, self, args[0] if args else kwargs.get("status", 1000))
        return wrapped(self, *args, **kwargs)

    return close


def _send_close(wrapped: Method) -> Method:
    """The library responds to the other side's close frame itself, while it receives; others are the program's."""

    def send_close(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.__dict__.get("_botobs_receiver") != get_ident():
            self.__dict__["_botobs_closing"] = True
        return wrapped(self, *args, **kwargs)

    return send_close


def _shutdown(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def shutdown(self: Any) -> Any:
        _closed(exchanges, self, None)
        return wrapped(self)

    return shutdown


@never_raise(_LIBRARY)
def _closed(exchanges: ExchangeTelemetry, socket: Any, code: Any) -> None:
    connection = raw.of(socket)
    if connection is not None and _was_opened(socket):
        reason = _reason(socket, closed=True)
        connection_events.ended(exchanges, connection, reason, code if reason == "user" else None)


def _reason(socket: Any, closed: bool = False) -> str:
    """Who ends a connection without a close frame of the other side.

    Args:
        socket: The connection.
        closed: It is being closed on this side: by the program, unless an app closes what it has lost.
    """
    app = _app_of(socket.__dict__.get("_botobs_app"))
    if raw.is_closing(socket) or (closed if app is None else raw.is_closing(app)):
        return "user"
    return "keepalive" if app is not None and app.__dict__.pop("_botobs_no_pong", False) else "error"


def _app_of(reference: weakref.ref[Any] | None) -> Any:
    return None if reference is None else reference()


def _make_app(wrapped: Method) -> Method:
    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        wrapped(self, *args, **kwargs)
        self._botobs_owner = connection_events.current_owner()

    return make


def _run_forever(wrapped: Method) -> Method:
    def run_forever(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._botobs_closing = False
        token = _APP.set(weakref.ref(self))
        try:
            return wrapped(self, *args, **kwargs)
        finally:
            _APP.reset(token)

    return run_forever


def _close_app(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    """The program wants the end, unless it answers an error that way: pybit's `on_error` closes."""
    close = raw.noting_close(wrapped)

    def close_app(self: Any, *args: Any, **kwargs: Any) -> Any:
        error = sys.exception()
        caught_in = _function_that_caught(error)
        if not isinstance(error, Exception) or not caught_in:
            return close(self, *args, **kwargs)
        if caught_in == "_callback":
            _handler_failed(exchanges, self, error)
        return wrapped(self, *args, **kwargs)

    return close_app


@never_raise(_LIBRARY)
def _function_that_caught(error: BaseException | None) -> str:
    """The function of websocket-client's app that handles `error` at the moment; empty where other code does."""
    if error is None or error.__traceback__ is None:
        return ""
    frame = error.__traceback__.tb_frame
    return frame.f_code.co_name if frame.f_globals.get("__name__") == "websocket._app" else ""


@never_raise(_LIBRARY)
def _handler_failed(exchanges: ExchangeTelemetry, app: Any, error: Exception) -> None:
    connection = raw.of_any(app.sock)
    if connection is not None and connection.state == "open":
        connection_events.handler_failed(exchanges, connection, error)


def _stop_pings(wrapped: Method) -> Method:
    """The first thing that the app does when a connection has ended; it forgets when it sent pings."""

    def stop_ping_thread(self: Any) -> Any:
        _note_missing_pong(self)
        return wrapped(self)

    return stop_ping_thread


@never_raise(_LIBRARY)
def _note_missing_pong(app: Any) -> None:
    waits = app.ping_timeout and app.last_ping_tm and app.last_pong_tm < app.last_ping_tm
    if waits and time.time() - app.last_ping_tm > app.ping_timeout:
        app._botobs_no_pong = True
