"""Watches ccxt.pro's WebSockets.

All of them pass two functions: `Client.handle_message` (a frame) and `Client.resolve` (a unified object). Both run for
every message, so their hooks only add to integers; every 0.1 s a message is looked at closely.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import weakref
from collections.abc import Callable, Mapping
from time import monotonic
from types import ModuleType
from typing import Any

from opentelemetry import context

from ......semconv import exchange as semconv
from .....orders import UNSETTLED
from .....patching.guard import never_raise
from .....patching.patch import Patches
from ....base import Telemetry
from ....shared import once_per_provider
from ... import connection_events, errors, late_answers
from ...operation import current
from ...settling import settle_from
from ...state import SAMPLE_INTERVAL, Connection, Exchange
from ...telemetry import ExchangeTelemetry
from ...updates import updated
from ._client_parts import ClientParts

_LIBRARY = "ccxt_ws"
#: Exchanges whose `ChecksumError` in truth means a gap in the sequence.
_MISNAMED_GAPS = frozenset({"binance", "binancecoinm", "binanceus", "binanceusdm", "gate"})

Method = Callable[..., Any]


class CcxtWebSocket:
    """The instrumentation named `ccxt_ws`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)
        self._exchanges: ExchangeTelemetry | None = None
        self._parts = ClientParts()

    def install(self, telemetry: Telemetry) -> None:
        """Watch ccxt.pro, imported or not; connections that are open are watched from their next frame on."""

        def client_imported(module: ModuleType) -> None:
            self._exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            for cls in vars(module).values():
                if isinstance(cls, type) and cls.__module__ == module.__name__:
                    self._watch_client(self._exchanges, cls)

        def exchange_imported(module: ModuleType) -> None:
            exchanges = once_per_provider(telemetry, ExchangeTelemetry)
            for name, wrap in (("delay", _delay), ("close", functools.partial(_close_exchange, exchanges))):
                owner = next((cls for cls in module.Exchange.__mro__ if name in vars(cls)), None)
                if owner is not None:
                    self._patches.replace(owner, name, wrap(vars(owner)[name]))

        def base_imported(module: ModuleType) -> None:
            name = "clean_unsubscription"
            owner = next((cls for cls in module.Exchange.__mro__ if name in vars(cls)), None)
            if owner is not None:
                self._patches.replace_method(owner, name, _unsubscribed)

        # Until ccxt 4.4.60 the client is three classes in three modules.
        for name in ("client", "aiohttp_client", "fast_client"):
            self._patches.on_import(f"ccxt.async_support.base.ws.{name}", client_imported)
        self._patches.on_import("ccxt.async_support.base.exchange", exchange_imported)
        self._patches.on_import("ccxt.base.exchange", base_imported)

    def uninstall(self) -> None:
        """Take the patches back; open connections go on unseen."""
        self._patches.undo()
        self._parts.release_all()

    def _watch_client(self, exchanges: ExchangeTelemetry, cls: type) -> None:
        adopt = functools.partial(self._connection_of, exchanges)
        hooks: dict[str, Callable[[Callable[[Any], Connection], ExchangeTelemetry, Method], Method]] = {
            "connect": _connect,
            "create_connection": functools.partial(_create_connection, self._parts),
            "handle_message": _handle_message,
            "resolve": _resolve,
            "reject": _reject,
            "on_error": _on_error,
            "on_close": _on_close,
            "close": _close,
            "send": _send,
        }
        if "handle_message" in vars(cls):
            self._patches.replace(cls, "_botobs", None)
        for name, hook in hooks.items():
            if callable(vars(cls).get(name)):
                self._patches.replace_method(cls, name, functools.partial(hook, adopt, exchanges))

    def _connection_of(self, exchanges: ExchangeTelemetry, client: Any) -> Connection:
        """The connection of a client, made when it is first asked for."""
        found = client.__dict__.get("_botobs")
        if found is None:
            found = self._adopt(exchanges, client) or Connection(Exchange("other"), ("other", "ccxt.pro", ""))
            client._botobs = found
        return found  # type: ignore[no-any-return]

    @never_raise(_LIBRARY)
    def _adopt(self, exchanges: ExchangeTelemetry, client: Any) -> Connection:
        exchange = client.on_message_callback.__self__
        connection = exchanges.connection(
            exchange,
            getattr(exchange, "id", None),
            "ccxt.pro",
            connection_events.host_of(client.url),
            _endpoint(client.url),
        )
        connection.client = weakref.ref(client)
        self._parts.take(exchanges, client, connection)
        if getattr(client, "isConnected", False) and connection.state != "open":
            connection.state = "open"
            connection.opened_at = connection.last = monotonic()
        return connection


def _endpoint(url: str) -> str:
    """The path of `url`, which distinguishes endpoints of one host, without listen keys, which change."""
    path = str(url).split("?", 1)[0]
    return "/".join(part for part in path.split("/") if len(part) < 30)


def _handle_message(
    adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method
) -> Method:
    def handle_message(self: Any, message: Any) -> Any:
        connection = self._botobs or adopt(self)
        connection.messages += 1
        data = message.data
        if data.__class__ is str or data.__class__ is bytes:
            connection.bytes += len(data)
            connection.look_for_listen_key(data)
            if connection.answers is not None:
                connection.answers.look(data)
        now = connection.last = monotonic()
        try:
            result = wrapped(self, message)
        except Exception as error:
            connection_events.handler_failed(exchanges, connection, error)
            raise
        if now >= connection.sample_at:
            _look_at_connection(exchanges, connection, self, now)
        return result

    return handle_message


@never_raise(_LIBRARY)
def _look_at_connection(
    exchanges: ExchangeTelemetry, connection: Connection, client: Any, now: float
) -> None:
    if connection.ping_sent:
        if client.lastPong != connection.pong_mark:
            seconds = monotonic() - connection.ping_sent
            connection.ping_sent = 0.0
            exchanges.heartbeat_rtt.record(seconds, connection_events.connection_attributes(connection))
        elif now < connection.looked_at + SAMPLE_INTERVAL:
            return
    if connection.check is not None:
        connection.check.trim()
    seconds = monotonic() - now
    exchanges.handler_duration.record(
        seconds, {semconv.NAME: connection.key[0], semconv.CLIENT: connection.key[1]}
    )
    connection.looked_at = now
    # While a ping is under way each frame may be its pong.
    connection.sample_at = 0.0 if connection.ping_sent else now + SAMPLE_INTERVAL


def _resolve(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def resolve(self: Any, result: Any, message_hash: Any) -> Any:
        connection = self._botobs or adopt(self)
        now = connection.last
        stream = connection.streams.get(message_hash)
        if stream is not None and now < stream.sample_at:
            stream.last = now
        # ccxt announces an update under several names; the stream is the one that was subscribed.
        elif stream is not None or message_hash in self.futures:
            _updated(exchanges, connection, message_hash, result, now)
        if stream is None and UNSETTLED.waiting:
            _settle(connection, result)
        return wrapped(self, result, message_hash)

    return resolve


@never_raise(_LIBRARY)
def _settle(connection: Connection, result: Any) -> None:
    """A response to a request, which may have been given up: it may name orders that were left open then."""
    found = [result] if isinstance(result, Mapping) else result
    if isinstance(found, list):
        orders = [each for each in found if isinstance(each, Mapping) and each.get("clientOrderId")]
        # Of one that a submission waits for, its own end says the same.
        settle_from(connection.key[0], orders)


_updated = never_raise(_LIBRARY)(updated)


def _reject(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def reject(self: Any, result: Any, message_hash: Any = None) -> Any:
        connection = adopt(self)
        if message_hash is not None:
            if not connection.broadcasting:
                _rejected(exchanges, connection, result, message_hash)
            return wrapped(self, result, message_hash)
        _rejected(exchanges, connection, result, None)
        connection.broadcasting = True
        try:
            return wrapped(self, result, message_hash)
        finally:
            connection.broadcasting = False

    return reject


@never_raise(_LIBRARY)
def _rejected(exchanges: ExchangeTelemetry, connection: Connection, error: Any, key: Any) -> None:
    if not isinstance(error, BaseException):
        return
    kind = errors.error_type(error)
    if kind == "UnsubscribeError":
        connection.streams.pop(key, None)
        connection.restart_check()
        return
    attributes = connection_events.connection_attributes(connection)
    attributes[semconv.ERROR_TYPE] = kind
    attributes[semconv.ERROR_CATEGORY] = errors.category(error, "ws")
    exchanges.stream_rejections.add(1, attributes)
    if kind in ("ChecksumError", "InvalidNonce"):
        by_checksum = kind == "ChecksumError" and connection.key[0] not in _MISNAMED_GAPS
        reason = "checksum" if by_checksum else "sequence_gap"
        who = {semconv.NAME: connection.key[0], semconv.CLIENT: connection.key[1]}
        exchanges.resyncs.add(1, {**who, semconv.RESYNC_REASON: reason})


def _unsubscribed(wrapped: Method) -> Method:
    def clean_unsubscription(self: Any, client: Any, sub: Any, unsub: Any, *args: Any, **kwargs: Any) -> Any:
        result = wrapped(self, client, sub, unsub, *args, **kwargs)
        _forget(client, sub, (args[0] if args else kwargs.get("subHashIsPrefix")) is True)
        return result

    return clean_unsubscription


@never_raise(_LIBRARY)
def _forget(client: Any, key: Any, is_prefix: bool) -> None:
    """Forget a stream that was unsubscribed: it is not silent. ccxt rejects its future only where one waits."""
    connection = client.__dict__.get("_botobs")
    if connection is None or not isinstance(key, str):
        return
    for known in list(connection.streams):
        if known == key or (is_prefix and str(known).startswith(key)):
            connection.streams.pop(known, None)
    connection.restart_check()


def _connect(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:  # noqa: ARG001 - a hook
    def connect(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.connection or getattr(self, "connecting", False):
            return wrapped(self, *args, **kwargs)
        adopt(self).caller = connection_events.caller_span()
        # All that the connection does would otherwise belong to the trace of its first caller.
        return _detached(wrapped, self, *args, **kwargs)

    return connect


def _detached(function: Method, /, *args: Any, **kwargs: Any) -> Any:
    """Call `function` so that the tasks it starts are part of no trace and no call."""

    def run() -> Any:
        context.attach(context.Context())
        return function(*args, **kwargs)

    return contextvars.copy_context().run(run)


def _delay(wrapped: Method) -> Method:
    """`delay` starts what is repeated for ever, such as the renewal of listen keys."""

    @functools.wraps(wrapped)
    def delay(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _detached(wrapped, self, *args, **kwargs)

    return delay


def _create_connection(
    parts: ClientParts, adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method
) -> Method:
    async def create_connection(self: Any, session: Any) -> Any:
        connection = adopt(self)
        connection_events.trying(connection)
        token = context.attach(connection_events.owned_context())
        try:
            made = await wrapped(self, session)
        except (Exception, asyncio.CancelledError) as error:
            connection_events.refused(exchanges, connection, error, connection.caller)
            raise
        finally:
            context.detach(token)
        parts.watch_pings(made, self, connection)
        connection_events.opened(exchanges, connection, connection.caller)
        return made

    return create_connection


def _ended(
    exchanges: ExchangeTelemetry, connection: Connection, client: Any, reason: str, code: Any = None
) -> None:
    # What ends late may have another in its place, which is open.
    if connection.client is None or connection.client() is client:
        connection_events.ended(exchanges, connection, reason, code)


def _on_error(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def on_error(self: Any, error: Any) -> Any:
        keepalive = type(error).__name__ == "RequestTimeout"
        _ended(exchanges, adopt(self), self, "keepalive" if keepalive else "error")
        return wrapped(self, error)

    return on_error


def _on_close(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    def on_close(self: Any, code: Any) -> Any:
        _ended(exchanges, adopt(self), self, "remote", code)
        return wrapped(self, code)

    return on_close


def _close(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    async def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        _ended(exchanges, adopt(self), self, "user", 1000)
        return await wrapped(self, *args, **kwargs)

    return close


def _send(adopt: Callable[[Any], Connection], exchanges: ExchangeTelemetry, wrapped: Method) -> Method:  # noqa: ARG001 - a hook
    async def send(self: Any, message: Any) -> Any:
        adopt(self).sent += 1
        operation = current()
        if operation is not None and operation.attempts is not None:
            operation.attempts.over_socket = True
            operation.writes(message)
            _expect(adopt(self), operation, message)
        return await wrapped(self, message)

    return send


_expect = never_raise(_LIBRARY)(late_answers.expect)


def _close_exchange(exchanges: ExchangeTelemetry, wrapped: Method) -> Method:
    @functools.wraps(wrapped)
    async def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = await wrapped(self, *args, **kwargs)
        _let_go(exchanges, self)
        return result

    return close


@never_raise(_LIBRARY)
def _let_go(exchanges: ExchangeTelemetry, exchange: Any) -> None:
    """A connection that was lost before the user closed the exchange is not wanted back."""
    for connection in exchanges.live_connections():
        if connection.owner is not None and connection.owner() is exchange:
            connection.state = "idle"
            connection.lost = False
            connection.streams.clear()
