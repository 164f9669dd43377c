"""ASGI servers (FastAPI, Starlette, …) that upstream's middleware watches.

The middleware is used as it is, whether an instrumentor puts it in or the service itself, and gets three things that
it does not know:

- No spans for the messages of a connection: it makes one for every chunk of a response.
- The span and the duration of a request end with its response, not with the background tasks that run after it. A
  WebSocket's end with its handshake, and those of an event stream with its headers, since both may last for days. How
  long they and other streams last is a metric.
- One span a request, even where the middleware stands twice.
- What it cannot read is no failure of the request: a query that is no UTF-8, a scope that lacks something.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from opentelemetry.metrics import Histogram
from opentelemetry.trace import INVALID_SPAN, Span, set_span_in_context

from ....semconv import http as semconv
from ...patching.guard import never_raise, report
from ...patching.patch import Patches
from ...safe import class_name
from ..base import Telemetry
from ._http import EVENT_STREAM, method_of

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

_current: ContextVar[_Exchange | None] = ContextVar("botobs_asgi_exchange", default=None)


class AsgiInstrumentation:
    """Watches the middleware of opentelemetry-instrumentation-asgi."""

    name = "asgi"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch the middleware's class once it is imported."""
        metrics = _Metrics(telemetry)
        self._patches.on_import(
            "opentelemetry.instrumentation.asgi", lambda module: self._patch(module, metrics)
        )

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType, metrics: _Metrics) -> None:
        def create(wrapped: Callable[..., Any], middleware: Any, args: Any, kwargs: Any) -> None:
            # Its hooks for messages get the spans of messages, so these are kept where a hook is set.
            if not kwargs.get("client_request_hook") and not kwargs.get("client_response_hook"):
                kwargs["exclude_spans"] = kwargs.get("exclude_spans") or ["receive", "send"]
            wrapped(*args, **kwargs)
            _prepare(middleware)

        async def call(wrapped: Callable[..., Any], middleware: Any, args: Any, kwargs: Any) -> None:
            scope, receive, send = _arguments(*args, **kwargs)
            outer = _current.get()
            if outer is not None and outer.scope is scope:
                await middleware.app(scope, receive, send)
                return
            if scope.get("type") not in ("http", "websocket"):
                await wrapped(scope, receive, send)
                return
            exchange = _Exchange(scope, metrics)

            async def watched(message: Message) -> None:
                exchange.sending(message)
                await send(message)
                exchange.sent(message)

            token = _current.set(exchange)
            try:
                await _served(wrapped, middleware, exchange, receive, watched)
            except BaseException as error:
                exchange.end(error)
                raise
            else:
                exchange.end(None)
            finally:
                _current.reset(token)

        if hasattr(module, "collect_request_attributes"):
            self._patches.wrap(module, "collect_request_attributes", _read_attributes)
        self._patches.wrap(module.OpenTelemetryMiddleware, "__init__", create)
        self._patches.wrap(module.OpenTelemetryMiddleware, "__call__", call)


class _Metrics:
    def __init__(self, telemetry: Telemetry) -> None:
        meter = telemetry.meter("http")
        self.requests = semconv.SERVER_REQUEST_DURATION.create(meter)
        self.streams = semconv.SERVER_STREAM_DURATION.create(meter)


class _Exchange:
    """A request with its response, or a WebSocket.

    Attributes:
        scope: ASGI's scope.
        span: The span that the middleware has begun for it.
        seconds: How long the request took; None until it is known.
        has_begun: Whether the middleware has called the application.
        error: What the application raised.
    """

    def __init__(self, scope: Message, metrics: _Metrics) -> None:
        self.scope = scope
        self.span: Span = INVALID_SPAN
        self.seconds: float | None = None
        self.has_begun = False
        self.error: BaseException | None = None
        self._metrics = metrics
        self._began = time.perf_counter()
        self._headers: float | None = None
        self._has_length = False
        self._is_stream = False
        self._status: int | None = None

    @never_raise("asgi")
    def sending(self, message: Message) -> None:
        """The service hands a message to the server."""
        kind = message["type"]
        if kind == "websocket.accept":
            self._is_stream = True
            self._handshake(101)
        elif kind == "websocket.close" and self._status is None:
            # The server responds to a WebSocket that is not accepted with 403.
            self._handshake(403)
        elif kind == "websocket.http.response.start":
            self._handshake(message["status"])
        elif kind == "http.response.start":
            self._answer(message)
        elif kind == "http.response.body" and message.get("more_body") and not self._has_length:
            self._is_stream = True
            self.seconds = self._headers

    @never_raise("asgi")
    def sent(self, message: Message) -> None:
        """The server has taken a message."""
        if message["type"] == "http.response.body" and not message.get("more_body") and self.seconds is None:
            self.seconds = self._elapsed()

    @never_raise("asgi")
    def end(self, error: BaseException | None) -> None:
        """The application has returned."""
        if self.scope["type"] == "websocket" and self._status is None:
            self._handshake(500 if isinstance(error, Exception) else None, error)
        if not self._is_stream:
            return
        attributes = self._attributes()
        if isinstance(error, Exception):
            attributes["error.type"] = class_name(type(error))
        attributes[semconv.NETWORK_PROTOCOL_NAME] = self.scope["type"]
        self._metrics.streams.record(self._elapsed(), attributes, set_span_in_context(self.span))

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _answer(self, message: Message) -> None:
        self._status = message["status"]
        self._headers = self._elapsed()
        headers = {bytes(name).lower(): bytes(value) for name, value in message.get("headers", ())}
        self._has_length = b"content-length" in headers
        if headers.get(b"content-type", b"").startswith(EVENT_STREAM.encode()):
            self._is_stream = True
            self.seconds = self._headers
            self._end_span()

    def _handshake(self, status: int | None, error: BaseException | None = None) -> None:
        """A WebSocket's handshake is over; the middleware measures requests alone."""
        self._status = status or 0
        attributes = self._attributes()
        if status is not None and status >= 500:
            attributes["error.type"] = class_name(type(error)) if error is not None else str(status)
        self._metrics.requests.record(self._elapsed(), attributes, set_span_in_context(self.span))
        self._end_span()

    def _end_span(self) -> None:
        if self._status and self.span.is_recording():
            self.span.set_attribute(semconv.HTTP_RESPONSE_STATUS_CODE, self._status)
            self.span.end()

    def _attributes(self) -> dict[str, Any]:
        scheme = self.scope.get("scheme") or "http"
        attributes: dict[str, Any] = {
            semconv.HTTP_REQUEST_METHOD: method_of(self.scope.get("method", "GET")),
            semconv.URL_SCHEME: {"ws": "http", "wss": "https"}.get(scheme, scheme),
        }
        # Starlette's router leaves it there.
        route = getattr(self.scope.get("route"), "path", None)
        if route:
            attributes[semconv.HTTP_ROUTE] = route
        if self._status:
            attributes[semconv.HTTP_RESPONSE_STATUS_CODE] = self._status
        return attributes


class _Application:
    """What the middleware calls: notes of the request whether it was reached, and what it raised."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        exchange = _current.get()
        if exchange is None or exchange.scope is not scope:
            await self._inner(scope, receive, send)
            return
        exchange.has_begun = True
        try:
            await self._inner(scope, receive, send)
        except BaseException as error:
            exchange.error = error
            raise
        # One that another middleware has handled since.
        exchange.error = None


async def _served(
    wrapped: Callable[..., Any], middleware: Any, exchange: _Exchange, receive: Any, send: Send
) -> None:
    """Call the middleware; where it fails by itself, the request goes on without it."""
    try:
        await wrapped(exchange.scope, receive, send)
        return
    except Exception as error:
        if error is exchange.error:
            raise
        report("asgi", error)
    if exchange.error is not None:
        raise exchange.error
    if not exchange.has_begun:
        await middleware.app(exchange.scope, receive, send)


class _Duration:
    """The middleware's histogram, which learns here when the response ended."""

    def __init__(self, inner: Histogram) -> None:
        self._inner = inner

    def record(self, amount: float, attributes: Any = None, context: Any = None) -> None:
        """Record the duration of a request; `amount` lasts until the application has returned."""
        exchange = _current.get()
        seconds = exchange.seconds if exchange is not None else None
        self._inner.record(amount if seconds is None else seconds, attributes, context)


def _read_attributes(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Have it read a query that is no UTF-8: the request would have no span."""
    scope, *further = args
    query = scope.get("query_string")
    if isinstance(query, bytes) and not query.isascii():
        scope = {**scope, "query_string": query.decode("utf-8", "replace").encode()}
    return wrapped(scope, *further, **kwargs)


@never_raise("asgi")
def _prepare(middleware: Any) -> None:
    if middleware.duration_histogram_new is not None:
        middleware.duration_histogram_new = _Duration(middleware.duration_histogram_new)
    middleware.app = _Application(middleware.app)
    hook = middleware.server_request_hook

    def note_span(span: Span, scope: Message) -> None:
        exchange = _current.get()
        if exchange is not None:
            exchange.span = span
        if hook is not None:
            hook(span, scope)

    middleware.server_request_hook = note_span


def _arguments(scope: Message, receive: Any, send: Send) -> tuple[Message, Any, Send]:
    return scope, receive, send
