"""aiohttp's server: one SERVER span a request, named by its route's template.

The upstream instrumentor is replaced, not extended: it puts a subclass in place of `web.Application`, which misses
applications made or names imported before it, writes to the global meter provider, and records the query string. Here
the protocol is patched where it calls the handler, which covers applications that are serving already.
"""

from __future__ import annotations

import sys
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from opentelemetry import context, trace
from opentelemetry.metrics import Histogram
from opentelemetry.propagate import extract
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from ....semconv import http as semconv
from ...delays import record_delays
from ...patching.guard import never_raise
from ...patching.patch import Patches
from ...safe import class_name
from ..base import Telemetry
from ..suppression import is_http_heard
from ._http import EVENT_STREAM, method_of, span_name

_UPSTREAM = "opentelemetry.instrumentation.aiohttp_server"

Handler = Callable[[Any], Awaitable[Any]]


class AiohttpServerInstrumentation:
    """Watches aiohttp 3.10 and later.

    The span and the duration of a request end with its response. A WebSocket's end with its handshake, and those of an
    event stream with its headers, since both may last for days; what their handlers do after that belongs to traces of
    its own. How long they and other streams last is a metric.
    """

    name = "aiohttp_server"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch the protocol once aiohttp's server is imported."""
        self._patches.on_import(
            "aiohttp.web", lambda module: self._patch(module, _Requests(telemetry, module))
        )

    def uninstall(self) -> None:
        """Take the patch back."""
        self._patches.undo()

    def _patch(self, module: ModuleType, requests: _Requests) -> None:
        async def handle_request(wrapped: Callable[..., Any], _instance: Any, args: Any, kwargs: Any) -> Any:
            request, start, handler = _arguments(*args, **kwargs)
            if not is_http_heard() or _is_watched_by_service(handler):
                return await wrapped(request, start, handler)
            try:
                return await wrapped(request, start, lambda request: requests.handle(request, handler))
            finally:
                requests.finished(request)

        async def prepare(wrapped: Callable[..., Any], response: Any, args: Any, kwargs: Any) -> Any:
            result = await wrapped(*args, **kwargs)
            # A `Response` is sent whole, and so is a file.
            if not isinstance(response, module.Response | module.FileResponse):
                requests.streams(args[0] if args else kwargs["request"], response)
            return result

        self._patches.wrap(module.RequestHandler, "_handle_request", handle_request)
        self._patches.wrap(module.StreamResponse, "prepare", prepare)


class _Requests:
    def __init__(self, telemetry: Telemetry, module: ModuleType) -> None:
        self._file = module.FileResponse
        meter = telemetry.meter("http")
        self._tracer: Tracer = telemetry.tracer("aiohttp_server")
        self._duration = semconv.SERVER_REQUEST_DURATION.create(meter)
        self._stream_duration = semconv.SERVER_STREAM_DURATION.create(meter)
        self._active = semconv.SERVER_ACTIVE_REQUESTS.create(meter)
        # By the id of aiohttp's request, which cannot be hashed.
        self._open: dict[int, _Request] = {}

    async def handle(self, request: Any, handler: Handler) -> Any:
        """Run `handler` for `request` within a span."""
        started = self._begin(request)
        if started is None:
            return await handler(request)
        token = context.attach(started.context)
        try:
            response = await handler(request)
        except BaseException as error:
            self._end(started, request, error, None)
            raise
        else:
            if isinstance(response, self._file) and not response.prepared:
                # Whether there is such a file is found out when it is sent.
                started.file = response
            else:
                self._end(started, request, None, response)
            return response
        finally:
            context.detach(token)

    @never_raise("aiohttp_server")
    def finished(self, request: Any) -> None:
        """The server has sent what the handler returned, or has given up."""
        started = self._open.pop(id(request), None)
        if started is not None and started.file is not None:
            gone = None if started.file.prepared else CancelledError()
            self._end(started, request, gone, started.file)

    @never_raise("aiohttp_server")
    def _begin(self, request: Any) -> _Request:
        method = method_of(request.method)
        shared = {semconv.HTTP_REQUEST_METHOD: method, semconv.URL_SCHEME: request.scheme}
        # The root context if the caller sent none; the current one is that in which the server was started.
        caller = extract(request.headers, getter=_HEADERS)
        span = self._tracer.start_span(
            span_name(method),
            context=caller,
            kind=SpanKind.SERVER,
            attributes=_request_attributes(request, shared),
        )
        self._active.add(1, shared)
        started = _Request(method, shared, span, trace.set_span_in_context(span, caller), time.perf_counter())
        self._open[id(request)] = started
        return started

    @never_raise("aiohttp_server")
    def streams(self, request: Any, response: Any) -> None:
        """The headers of a response that is sent piece by piece are out, or a WebSocket is open."""
        started = self._open.pop(id(request), None)
        if started is None:
            return
        started.stream = "websocket" if response.status == 101 else "http"
        started.status = response.status
        outcome = {semconv.HTTP_RESPONSE_STATUS_CODE: response.status}
        self._record(self._duration, started, request, outcome)
        if started.stream == "websocket" or response.content_type == EVENT_STREAM:
            self._end_span(started, request, outcome, None)

    @never_raise("aiohttp_server")
    def _end(self, started: _Request, request: Any, error: BaseException | None, response: Any) -> None:
        self._open.pop(id(request), None)
        try:
            outcome = _stream_outcome(started, error) if started.stream else _outcome(error, response)
            if started.stream:
                protocol = {semconv.NETWORK_PROTOCOL_NAME: started.stream}
                self._record(self._stream_duration, started, request, {**outcome, **protocol})
            else:
                self._record(self._duration, started, request, outcome)
            if not started.ended:
                self._end_span(started, request, outcome, error)
        finally:
            # Whatever a response or an exception of the service's does when it is looked at.
            if not started.ended:
                started.span.end()

    def _end_span(
        self, started: _Request, request: Any, outcome: dict[str, Any], error: BaseException | None
    ) -> None:
        started.ended = True
        span = started.span
        self._active.add(-1, started.shared)
        try:
            route = _route(request)
            if route:
                span.update_name(span_name(started.method, route))
                span.set_attribute(semconv.HTTP_ROUTE, route)
            span.set_attributes(outcome)
            name = outcome.get("error.type")
            if name is not None:
                is_status = name == str(outcome.get(semconv.HTTP_RESPONSE_STATUS_CODE))
                span.set_status(Status(StatusCode.ERROR, None if is_status else name))
                if error is not None and not is_status:
                    span.record_exception(error)
            record_delays(span)
        finally:
            span.end()

    @staticmethod
    def _record(metric: Histogram, started: _Request, request: Any, outcome: dict[str, Any]) -> None:
        seconds = time.perf_counter() - started.time
        route = _route(request)
        attributes = {**started.shared, **outcome, **({semconv.HTTP_ROUTE: route} if route else {})}
        # The exemplar of a slow request is its own span.
        metric.record(seconds, attributes, started.context)


@dataclass(slots=True)
class _Request:
    """A request that is being handled.

    Attributes:
        stream: The protocol, once the response is a stream: `http` or `websocket`.
        status: The status that the stream began with.
        ended: Whether the span has ended.
        file: A file that is about to be sent.
    """

    method: str
    shared: dict[str, str]
    span: Span
    context: context.Context
    time: float
    stream: str = ""
    status: int = 0
    ended: bool = False
    file: Any = None


def _arguments(request: Any, start_time: Any, request_handler: Handler) -> tuple[Any, Any, Handler]:
    return request, start_time, request_handler


@never_raise("aiohttp_server")
def _is_watched_by_service(handler: Handler) -> bool:
    """Whether the application has the middleware of upstream's instrumentor; see `called_by_service`."""
    if _UPSTREAM not in sys.modules:
        return False
    middlewares = getattr(getattr(handler, "__self__", None), "middlewares", ())
    return any(getattr(each, "__module__", "") == _UPSTREAM for each in middlewares)


def _request_attributes(request: Any, shared: dict[str, str]) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        **shared,
        semconv.URL_PATH: request.path,
        "network.protocol.version": f"{request.version.major}.{request.version.minor}",
    }
    if shared[semconv.HTTP_REQUEST_METHOD] == "_OTHER":
        attributes[semconv.HTTP_REQUEST_METHOD_ORIGINAL] = request.method
    url = request.url
    if url.host:
        attributes["server.address"] = url.host
    if url.port:
        attributes["server.port"] = url.port
    if request.remote:
        attributes["client.address"] = request.remote
    user_agent = request.headers.get("User-Agent")
    if user_agent:
        attributes["user_agent.original"] = user_agent
    return attributes


def _route(request: Any) -> str | None:
    try:
        resource = request.match_info.route.resource
    except (AttributeError, AssertionError):
        # A request that could not be parsed has no route, nor has a path that none matches.
        return None
    return resource.canonical if resource is not None else None


def _outcome(error: BaseException | None, response: Any) -> dict[str, Any]:
    # aiohttp makes the response out of what the handler raised: web.HTTPException is one, anything else is a 500.
    status = response.status if error is None else _http_status(error)
    if status is not None:
        failed = {"error.type": str(status)} if status >= 500 else {}
        return {semconv.HTTP_RESPONSE_STATUS_CODE: status, **failed}
    if not isinstance(error, Exception):
        # The client went away, or the server stops: no error, and no response.
        return {}
    return {
        semconv.HTTP_RESPONSE_STATUS_CODE: 504 if isinstance(error, TimeoutError) else 500,
        "error.type": class_name(type(error)),
    }


def _stream_outcome(started: _Request, error: BaseException | None) -> dict[str, Any]:
    # A client that has gone is no failure of a stream's: aiohttp ignores it too.
    failed = isinstance(error, Exception) and not isinstance(error, ConnectionError)
    name = {"error.type": class_name(type(error))} if failed else {}
    return {semconv.HTTP_RESPONSE_STATUS_CODE: started.status, **name}


def _http_status(error: BaseException) -> int | None:
    try:
        status = getattr(error, "status", None)
        return status if isinstance(status, int) and getattr(error, "__http_exception__", False) else None
    except Exception:
        return None


class _HeaderGetter(Getter[Any]):
    def get(self, carrier: Any, key: str) -> list[str] | None:
        # Those of a request that could not be parsed are an empty dict.
        values = carrier.getall(key, None) if carrier else None
        return list(values) if values else None

    def keys(self, carrier: Any) -> list[str]:
        return list(carrier.keys())


_HEADERS = _HeaderGetter()
