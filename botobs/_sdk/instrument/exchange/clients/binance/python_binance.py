"""Watches python-binance: its requests, and its reconnecting WebSockets."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import weakref
from collections.abc import Callable, Mapping
from time import monotonic
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context

from .....orders import UNSETTLED
from .....orders.journal import JOURNAL
from .....patching.guard import never_raise
from .....patching.overrides import replace_overridable
from .....patching.patch import Patches
from .....redaction import known
from ....base import Telemetry
from ....shared import once_per_provider
from ... import connection_events, integrity, late_answers
from ...operation import Operation, begin_operation, current
from ...request import Request, current_request, template
from ...scope import scoped
from ...settling import settle_from
from ...state import Connection
from ...telemetry import ExchangeTelemetry
from ...updates import updated
from .limits import read_limits
from .payloads import (
    is_listen_key_expired,
    operation,
    request_attributes,
    section,
    stream_update,
    submitted,
    unified,
    ws_operation,
)

_LIBRARY = "python_binance"
_WHO = ("binance", _LIBRARY)

Method = Callable[..., Any]


class PythonBinance:
    """The instrumentation named `python_binance`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch python-binance, imported or not."""

        def client_imported(class_name: str, module: ModuleType) -> None:
            JOURNAL.want()
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            exchanges.exchange(_WHO[0])
            cls = getattr(module, class_name)
            begin = functools.partial(_begin, exchanges)
            outer = functools.partial(_begin_overridden, exchanges)
            replace_overridable(
                self._patches,
                cls,
                "_request",
                scoped(vars(cls)["_request"], begin),
                lambda plain: scoped(plain, outer),
            )
            handler = vars(cls)["_handle_response"]
            plain = handler.__func__ if isinstance(handler, staticmethod) else handler
            wrapped = _reading_async(plain) if inspect.iscoroutinefunction(plain) else _reading(plain)
            is_static = isinstance(handler, staticmethod)
            self._patches.replace(cls, "_handle_response", staticmethod(wrapped) if is_static else wrapped)

        def socket_imported(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            cls = module.ReconnectingWebsocket
            for name, hook in _SOCKET_HOOKS.items():
                self._patches.replace_method(cls, name, functools.partial(hook, exchanges))

        def api_imported(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            cls = module.WebsocketAPI
            self._patches.replace(
                cls, "request", scoped(vars(cls)["request"], functools.partial(_begin_over_socket, exchanges))
            )
            self._patches.replace_method(cls, "_ensure_ws_connection", _connected)

        self._patches.on_import("binance.client", functools.partial(client_imported, "Client"))
        self._patches.on_import("binance.async_client", functools.partial(client_imported, "AsyncClient"))
        self._patches.on_import("binance.ws.reconnecting_websocket", socket_imported)
        self._patches.on_import("binance.ws.websocket_api", api_imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()


class _Call:
    """One `_request`: a call, its only HTTP request, or both."""

    __slots__ = ("_operation", "_request")

    def __init__(self, operation: Operation | None, request: Request | None) -> None:
        self._operation = operation
        self._request = request

    def pause(self) -> None:
        for scope in (self._request, self._operation):
            if scope is not None:
                scope.pause()

    def resume(self) -> None:
        for scope in (self._operation, self._request):
            if scope is not None:
                scope.resume()

    def finish(self, result: Any) -> None:
        if self._request is not None:
            self._request.finish(result)
        if self._operation is not None:
            self._operation.finish(_unified(self._operation.name, result))

    def fail(self, error: BaseException) -> None:
        for scope in (self._request, self._operation):
            if scope is not None:
                scope.fail(error)


@never_raise(_LIBRARY)
def _unified(name: str, result: Any) -> Any:
    return unified(name, result)


@never_raise(_LIBRARY)
def _begin(
    exchanges: ExchangeTelemetry, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _Call | None:
    method, uri = _asked(args, kwargs)
    path = urlsplit(uri).path
    opened = _begin_call(exchanges, client, method, path, kwargs)
    running = current()
    if running is None or running.owner != id(client):
        return None
    return _Call(opened, Request(exchanges, _WHO, section(path), uri, method.upper(), kwargs.get("data")))


@never_raise(_LIBRARY)
def _begin_overridden(
    exchanges: ExchangeTelemetry, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _Call | None:
    """The `_request` of a user's class or object, which sends by itself, or perhaps more than once."""
    method, uri = _asked(args, kwargs)
    opened = _begin_call(exchanges, client, method, urlsplit(uri).path, kwargs)
    return None if opened is None else _Call(opened, None)


def _asked(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, str]:
    return str(args[0] if args else kwargs["method"]), str(args[1] if len(args) > 1 else kwargs["uri"])


def _begin_call(
    exchanges: ExchangeTelemetry, client: Any, method: str, path: str, kwargs: Mapping[str, Any]
) -> Operation | None:
    known.add_held(getattr(client, name, None) for name in ("API_KEY", "API_SECRET", "PRIVATE_KEY"))
    data = kwargs.get("data")
    opened = begin_operation(
        exchanges,
        client,
        _WHO,
        operation(method, path),
        request_attributes(data, exchanges.values),
        submitted(path, data),
        getattr(client, "API_KEY", None),
    )
    if opened is not None:
        opened.template = template(path)
    return opened


class _SocketCall:
    """One request over the WebSocket API, and its response."""

    __slots__ = ("_operation",)

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def pause(self) -> None:
        self._operation.pause()

    def resume(self) -> None:
        self._operation.resume()

    def finish(self, result: Any) -> None:
        self._operation.finish(_unified(self._operation.name, result))

    def fail(self, error: BaseException) -> None:
        self._operation.fail(error)


@never_raise(_LIBRARY)
def _begin_over_socket(
    exchanges: ExchangeTelemetry, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _SocketCall | None:
    payload = args[1] if len(args) > 1 else kwargs["payload"]
    method, params = str(payload.get("method")), payload.get("params")
    name, attributes = ws_operation(method), request_attributes(params, exchanges.values)
    key = params.get("apiKey") if isinstance(params, Mapping) else None
    opened = begin_operation(exchanges, client, _WHO, name, attributes, submitted(method, params), key)
    if opened is None:
        return None
    opened.template = template(method)
    opened.writes(params)
    connection = _adopt(exchanges, client)
    if connection is not None and opened.submits:
        late_answers.expect(connection, opened, payload)
    return _SocketCall(opened)


def _connected(wrapped: Method) -> Method:
    """Note that the request may have been sent from here on: the next write is the message itself."""

    async def ensure_ws_connection(self: Any) -> None:
        await wrapped(self)
        _over_socket()

    return ensure_ws_connection


@never_raise(_LIBRARY)
def _over_socket() -> None:
    running = current()
    if running is not None and running.attempts is not None:
        running.attempts.over_socket = True


def _reading(wrapped: Method) -> Method:
    @functools.wraps(wrapped)
    def handle_response(response: Any) -> Any:
        _read(response, getattr(response, "status_code", None), getattr(response, "text", ""))
        return wrapped(response)

    return handle_response


def _reading_async(wrapped: Method) -> Method:
    @functools.wraps(wrapped)
    async def handle_response(self: Any, response: Any) -> Any:
        _read(response, getattr(response, "status", None), "")
        result = await wrapped(self, response)
        _read_limits(result)
        return result

    return handle_response


@never_raise(_LIBRARY)
def _read(response: Any, status: Any, body: str) -> None:
    request = current_request()
    if request is not None:
        request.answered(status, response.headers, body)


@never_raise(_LIBRARY)
def _read_limits(result: Any) -> None:
    request = current_request()
    if request is not None and isinstance(result, Mapping) and "rateLimits" in result:
        body = json.dumps({"rateLimits": result["rateLimits"]})
        request.exchange.limits.read_exchange_info(body)


@never_raise(_LIBRARY)
def _adopt(exchanges: ExchangeTelemetry, socket: Any) -> Connection:
    known = socket.__dict__.get("_botobs")
    if known is not None:
        return known  # type: ignore[no-any-return]
    connection = exchanges.connection(socket, _WHO[0], _LIBRARY, connection_events.host_of(socket._url))
    connection.check = integrity.sequence_check(_WHO[0])
    reference = connection.client = weakref.ref(socket)
    connection.backlog = lambda: reference()._queue.qsize() if reference() else 0  # type: ignore[union-attr]
    socket._botobs = connection
    return connection


def _connect(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def connect(self: Any) -> None:
        connection = _adopt(exchanges, self)
        if connection is None:
            await wrapped(self)
            return
        connection_events.trying(connection)
        caller = connection_events.caller_span()
        # The read loop that starts here would otherwise belong to the trace of the caller for ever.
        detached = context.set_value(connection_events.OWNED, True, context.Context())
        token = context.attach(detached)
        try:
            await wrapped(self)
        except (Exception, asyncio.CancelledError) as error:
            connection_events.refused(exchanges, connection, error, caller)
            raise
        finally:
            context.detach(token)
        connection_events.opened(exchanges, connection, caller)

    return connect


def _handle_message(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def handle_message(self: Any, event: Any) -> Any:
        connection = self.__dict__.get("_botobs")
        if connection is None:
            return wrapped(self, event)
        connection.messages += 1
        connection.last = monotonic()
        if event.__class__ is str or event.__class__ is bytes:
            connection.bytes += len(event)
            if connection.answers is not None:
                connection.answers.look(event)
        try:
            message = wrapped(self, event)
        except Exception as error:
            connection_events.handler_failed(exchanges, connection, error)
            raise
        _look_at(exchanges, connection, message)
        return message

    return handle_message


@never_raise(_LIBRARY)
def _look_at(exchanges: ExchangeTelemetry, connection: Connection, message: Any) -> None:
    if message.__class__ is dict and "rateLimits" in message:
        read_limits(exchanges, connection, message)
    if UNSETTLED.waiting and message.__class__ is dict and "result" in message:
        # The response to a request, which may have been given up.
        answer = unified("create_order", message["result"])
        settle_from(_WHO[0], answer if isinstance(answer, list) else [answer])
    if is_listen_key_expired(message):
        connection.exchange.standing.lost_listen_key("event")
    connection.check_sequence(message)
    update = stream_update(message)
    if update is None:
        return
    key, channel, result = update
    stream = connection.stream(key, channel, connection.last)
    if connection.last < stream.sample_at:
        stream.last = connection.last
    else:
        updated(exchanges, connection, key, result, connection.last)


def _reconnect(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def reconnect(self: Any) -> None:
        _report_end(exchanges, self, "remote")
        wrapped(self)

    return reconnect


def _read_loop(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def read_loop(self: Any) -> None:
        await wrapped(self)
        # The loop ends by itself only when it gives up: its queue is full, or it cannot connect any more.
        _report_end(exchanges, self, "user" if getattr(self.ws_state, "value", "") == "Exiting" else "error")

    return read_loop


def _leave(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def leave(self: Any, *args: Any) -> None:
        _report_end(exchanges, self, "user")
        await wrapped(self, *args)

    return leave


@never_raise(_LIBRARY)
def _report_end(exchanges: ExchangeTelemetry, socket: Any, reason: str) -> None:
    connection = socket.__dict__.get("_botobs")
    if connection is not None:
        connection_events.ended(exchanges, connection, reason, getattr(socket.ws, "close_code", None))


_SOCKET_HOOKS: dict[str, Callable[[ExchangeTelemetry, Method], Method]] = {
    "connect": _connect,
    "_handle_message": _handle_message,
    "_reconnect": _reconnect,
    "_read_loop": _read_loop,
    "__aexit__": _leave,
}
