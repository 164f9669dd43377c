"""aiohttp's server: one SERVER span a request, named by its route's template.

The upstream instrumentor is replaced, not extended: it puts a subclass in place of `web.Application`, which misses
applications made or names imported before it, writes to the global meter provider, and records the query string. Here
the protocol is patched where it calls the handler, which covers applications that are serving already.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry import context, trace
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled
from opentelemetry.propagate import extract
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from ....semconv import http as semconv
from ...delays import record_delays
from ...patching.guard import never_raise
from ...patching.patch import Patches
from ...safe import class_name
from ..base import Telemetry
from ._http import method_of, span_name

Handler = Callable[[Any], Awaitable[Any]]


class AiohttpServerInstrumentation:
    """Watches aiohttp 3.10 and later. A WebSocket's handler is left alone: it lasts as long as the connection."""

    name = "aiohttp_server"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch the protocol once aiohttp's server is imported."""
        requests = _Requests(telemetry)
        self._patches.on_import("aiohttp.web", lambda module: self._patch(module.RequestHandler, requests))

    def uninstall(self) -> None:
        """Take the patch back."""
        self._patches.undo()

    def _patch(self, protocol: type, requests: _Requests) -> None:
        async def handle_request(wrapped: Callable[..., Any], _instance: Any, args: Any, kwargs: Any) -> Any:
            request, start, handler = _arguments(*args, **kwargs)
            if not is_http_instrumentation_enabled() or _is_websocket(request):
                return await wrapped(request, start, handler)
            return await wrapped(request, start, lambda request: requests.handle(request, handler))

        self._patches.wrap(protocol, "_handle_request", handle_request)


class _Requests:
    def __init__(self, telemetry: Telemetry) -> None:
        meter = telemetry.meter("http")
        self._tracer: Tracer = telemetry.tracer("aiohttp_server")
        self._duration = semconv.SERVER_REQUEST_DURATION.create(meter)
        self._active = semconv.SERVER_ACTIVE_REQUESTS.create(meter)

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
            self._end(started, request, None, response)
            return response
        finally:
            context.detach(token)

    @never_raise("aiohttp_server")
    def _begin(self, request: Any) -> _Request:
        method = method_of(request.method)
        shared = {semconv.HTTP_REQUEST_METHOD: method, semconv.URL_SCHEME: request.scheme}
        # The root context if the caller sent none; the current one is that of whoever started the server.
        caller = extract(request.headers, getter=_HEADERS)
        span = self._tracer.start_span(
            span_name(method),
            context=caller,
            kind=SpanKind.SERVER,
            attributes=_request_attributes(request, shared),
        )
        self._active.add(1, shared)
        return _Request(method, shared, span, trace.set_span_in_context(span, caller), time.perf_counter())

    @never_raise("aiohttp_server")
    def _end(self, started: _Request, request: Any, error: BaseException | None, response: Any) -> None:
        seconds = time.perf_counter() - started.time
        span = started.span
        self._active.add(-1, started.shared)
        try:
            outcome = _answered(span, response.status) if error is None else _raised(span, error)
            route = _route(request)
            if route:
                span.update_name(span_name(started.method, route))
                outcome[semconv.HTTP_ROUTE] = route
            span.set_attributes(outcome)
            # The exemplar of a slow request is its own span.
            self._duration.record(seconds, {**started.shared, **outcome}, started.context)
            record_delays(span)
        finally:
            # Whatever an answer or an exception of the service's does when it is looked at.
            span.end()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    shared: dict[str, str]
    span: Span
    context: context.Context
    time: float


def _arguments(request: Any, start_time: Any, request_handler: Handler) -> tuple[Any, Any, Handler]:
    return request, start_time, request_handler


def _is_websocket(request: Any) -> bool:
    return bool(request.headers.get("Upgrade", "").lower() == "websocket")


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
    # A request that could not be parsed has no route, nor has a path that none matches.
    match = getattr(request, "match_info", None)
    resource = match.route.resource if match is not None else None
    return resource.canonical if resource is not None else None


def _answered(span: Span, status: int) -> dict[str, Any]:
    outcome: dict[str, Any] = {semconv.HTTP_RESPONSE_STATUS_CODE: status}
    if status >= 500:
        outcome["error.type"] = str(status)
        span.set_status(Status(StatusCode.ERROR))
    return outcome


def _raised(span: Span, error: BaseException) -> dict[str, Any]:
    # aiohttp makes the answer out of what the handler raised: web.HTTPException is one, anything else is a 500.
    status = _http_status(error)
    if status is not None:
        return _answered(span, status)
    name = class_name(type(error))
    if isinstance(error, asyncio.CancelledError):
        # The client went away, or the server stops: nobody's error, and there is no answer.
        return {"error.type": name}
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, name))
    return {
        semconv.HTTP_RESPONSE_STATUS_CODE: 504 if isinstance(error, TimeoutError) else 500,
        "error.type": name,
    }


def _http_status(error: BaseException) -> int | None:
    try:
        status = getattr(error, "status", None)
        return status if isinstance(status, int) and getattr(error, "__http_exception__", False) else None
    except Exception:
        return None


class _HeaderGetter(Getter[Any]):
    def get(self, carrier: Any, key: str) -> list[str] | None:
        values = carrier.getall(key, None)
        return list(values) if values else None

    def keys(self, carrier: Any) -> list[str]:
        return list(carrier.keys())


_HEADERS = _HeaderGetter()
