"""Sees whether an order's request was written to a connection, and the response, in every HTTP library.

It sees a request only where somebody watches (`botobs._sdk.orders`): inside `order.submission()`, and inside a call of
a watched client. All others pass with one look at the context.
"""

from __future__ import annotations

import functools
import http.client
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from ... import orders
from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from .standard_library import LIBRARY, LOST, TUNNEL, begin, first, seen_in, watch_http_client
from .unread import body_of, is_empty

#: Redirections after which a request need not be repeated as it was; 307 and 308 ask for that. RFC 9110, 15.4.
_ELSEWHERE = frozenset({301, 302, 303})

Method = Callable[..., Any]


class OrderEvidence:
    """The instrumentation named `order_evidence`."""

    name = LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002 - it records nothing itself
        """Watch the HTTP libraries, imported or not."""
        patches = self._patches
        watch_http_client(patches)
        patches.on_import("requests", self._requests)
        patches.on_import("urllib3", self._urllib3)
        patches.on_import("httpx", self._httpx)
        patches.on_import("aiohttp", self._aiohttp)

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()
        orders.seen_libraries.clear()

    def _requests(self, module: ModuleType) -> None:
        orders.seen_libraries.add("requests")
        self._patches.replace_method(module.Session, "send", _requests_send)
        self._patches.replace_method(module.adapters.HTTPAdapter, "build_response", _requests_build_response)

    def _urllib3(self, module: ModuleType) -> None:
        orders.seen_libraries.add("urllib3")
        self._patches.replace_method(module.HTTPConnectionPool, "urlopen", _urllib3_urlopen)

    def _httpx(self, module: ModuleType) -> None:
        orders.seen_libraries.add("httpx")
        self._patches.replace_method(module.Client, "send", _httpx_send)
        self._patches.replace_method(module.AsyncClient, "send", _httpx_send_async)
        self._patches.replace_method(module.Response, "read", _httpx_read)
        self._patches.replace_method(module.Response, "aread", _httpx_read_async)

    def _aiohttp(self, module: ModuleType) -> None:
        orders.seen_libraries.add("aiohttp")
        self._patches.replace_method(module.ClientSession, "_request", _aiohttp_request)
        writer = module.http_writer.StreamWriter
        written = [name for name in ("_write", "_writelines") if hasattr(writer, name)]
        for name in written:
            self._patches.replace_method(writer, name, _aiohttp_write)
        if not written:
            self._patches.replace_method(module.ClientRequest, "send", _aiohttp_send)
        self._patches.replace_method(module.ClientResponse, "read", _aiohttp_read)
        self._patches.replace_method(module.ClientResponse, "raise_for_status", _aiohttp_raise_for_status)


def _sent(request: orders.HttpRequest, wrapped: Method, /, *args: Any, **kwargs: Any) -> Any:
    token = orders.sending.set(request)
    try:
        return wrapped(*args, **kwargs)
    except BaseException as error:
        request.catch_up()
        if not request.read:
            request.failed(error)
        raise
    finally:
        orders.sending.reset(token)


def _requests_send(wrapped: Method) -> Method:
    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        (request,) = first(args, kwargs, "request")
        seen = seen_in(request, "body")
        if seen is None:
            return wrapped(self, *args, **kwargs)
        _look_at_adapter(seen, self, request)
        response = _sent(seen, wrapped, self, *args, **kwargs)
        _answered(seen, response, "status_code", "_content", getattr(response, "request", None))
        return response

    return send


def _requests_build_response(wrapped: Method) -> Method:
    def build_response(self: Any, *args: Any, **kwargs: Any) -> Any:
        response = wrapped(self, *args, **kwargs)
        if orders.sending.get() is not None:
            (request,) = first(args, kwargs, "req")
            _looked_at(response, request, "status_code", "_content")
        return response

    return build_response


@never_raise(LIBRARY)
def _look_at_adapter(request: orders.HttpRequest, session: Any, sent: Any) -> None:
    """An adapter of the user's may send by another library; one that goes on to requests' own is seen below."""
    module = sys.modules.get("requests.adapters")
    chosen = session.get_adapter(sent.url)
    request.watched = module is None or type(chosen).send is module.HTTPAdapter.send


def _urllib3_urlopen(wrapped: Method) -> Method:
    def urlopen(self: Any, *args: Any, **kwargs: Any) -> Any:
        # It calls itself to try again, and requests calls it again where it is redirected.
        running = orders.sending.get()
        if running is not None:
            running.again()
            running.watched = _writes_as_known(self)
        seen = begin(*first(args, kwargs, "method", "url", "body"))
        if seen is None:
            return wrapped(self, *args, **kwargs)
        seen.watched = _writes_as_known(self)
        response = _sent(seen, wrapped, self, *args, **kwargs)
        _answered(seen, response, "status", "_body")
        _note_redirections(seen, response)
        return response

    return urlopen


def _writes_as_known(pool: Any) -> bool:
    """Whether a pool's connections write by `http.client`; those of HTTP/2, or of another library, do not."""
    return getattr(pool.ConnectionCls, "send", None) is http.client.HTTPConnection.send


def _httpx_send(wrapped: Method) -> Method:
    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        (request,) = first(args, kwargs, "request")
        seen = seen_in(request, "_content")
        if seen is None:
            return wrapped(self, *args, **kwargs)
        _look_at_transport(seen, self, request)
        traced = request.extensions.get("trace")

        def trace(event: str, info: Any) -> None:
            _mark(seen, event, info)
            if traced is not None:
                traced(event, info)

        request.extensions = {**request.extensions, "trace": trace}
        response = _sent(seen, wrapped, self, *args, **kwargs)
        _answered(seen, response, "status_code", "_content", getattr(response, "request", None))
        return response

    return send


def _httpx_send_async(wrapped: Method) -> Method:
    async def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        (request,) = first(args, kwargs, "request")
        seen = seen_in(request, "_content")
        if seen is None:
            return await wrapped(self, *args, **kwargs)
        _look_at_transport(seen, self, request)
        traced = request.extensions.get("trace")

        async def trace(event: str, info: Any) -> None:
            _mark(seen, event, info)
            if traced is not None:
                await traced(event, info)

        request.extensions = {**request.extensions, "trace": trace}
        response = await _sent_async(seen, wrapped, self, *args, **kwargs)
        _answered(seen, response, "status_code", "_content", getattr(response, "request", None))
        return response

    return send


def _httpx_read(wrapped: Method) -> Method:
    def read(self: Any) -> Any:
        if orders.sending.get() is not None:
            _looked_at(self, self._request, "status_code", "_content")
        return wrapped(self)

    return read


def _httpx_read_async(wrapped: Method) -> Method:
    async def aread(self: Any) -> Any:
        if orders.sending.get() is not None:
            _looked_at(self, self._request, "status_code", "_content")
        return await wrapped(self)

    return aread


@never_raise(LIBRARY)
def _look_at_transport(request: orders.HttpRequest, client: Any, sent: Any) -> None:
    """A transport of the user's may send by another library; one that goes on to httpx' own is seen by its events."""
    chosen = type(client._transport_for_url(sent.url))
    request.watched = chosen.__module__ == "httpx._transports.default"


@never_raise(LIBRARY)
def _mark(request: orders.HttpRequest, event: str, info: Any) -> None:
    request.watched = True
    # An event of httpcore, such as `http11.send_request_headers.started`; also when a proxy is asked for a tunnel.
    if event.endswith("send_request_headers.started"):
        if getattr(info.get("request"), "method", None) != b"CONNECT":
            request.writes()
    elif event.endswith("send_request_headers.failed"):
        error = info.get("exception")
        if type(error).__name__ == "LocalProtocolError" or isinstance(
            getattr(error, "__cause__", None), LOST
        ):
            # What is no HTTP was not sent; of what met a lost connection, the head is not whole.
            request.not_written()


async def _sent_async(request: orders.HttpRequest, wrapped: Method, /, *args: Any, **kwargs: Any) -> Any:
    token = orders.sending.set(request)
    try:
        result = await wrapped(*args, **kwargs)
    except BaseException as error:
        request.catch_up()
        if not request.read:
            request.failed(error)
        if not isinstance(error, GeneratorExit):
            # A coroutine that is thrown away is ended in a context that is not its own.
            orders.sending.reset(token)
        raise
    orders.sending.reset(token)
    return result


def _aiohttp_request(wrapped: Method) -> Method:
    async def _request(self: Any, *args: Any, **kwargs: Any) -> Any:
        method, url = first(args, kwargs, "method", "str_or_url")
        seen = begin(method, url, kwargs.get("json", kwargs.get("data")))
        if seen is None:
            return await wrapped(self, *args, **kwargs)
        response = await _sent_async(seen, wrapped, self, *args, **kwargs)
        _answered(seen, response, "status", "_body", response)
        _keep(response, seen)
        return response

    return _request


def _aiohttp_write(wrapped: Method) -> Method:
    """Hands bytes to the transport, in the context of the request or of a task that it has started."""

    def write(self: Any, data: Any, *args: Any) -> Any:
        request = orders.sending.get()
        if request is None or not request.running or self is request.writer:
            return wrapped(self, data, *args)
        first = data if isinstance(data, bytes | bytearray) else next(iter(data), b"")
        if bytes(first[: len(TUNNEL)]) == TUNNEL:
            return wrapped(self, data, *args)
        # A writer of its own for each time that it is sent: by a middleware, or after a redirection.
        request.writer = self
        request.writes()
        try:
            return wrapped(self, data, *args)
        except ConnectionResetError:
            # The transport is closing already.
            request.not_written()
            raise

    return write


def _aiohttp_send(wrapped: Method) -> Method:
    """Wrap aiohttp's `send`, which has its connection when it is called."""

    async def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = orders.sending.get()
        if request is not None and self.method != "CONNECT":
            request.writes()
        return await wrapped(self, *args, **kwargs)

    return send


def _aiohttp_read(wrapped: Method) -> Method:
    """The body comes after the response's head."""

    async def read(self: Any) -> Any:
        request = self.__dict__.get("_botobs_order_request")
        if request is None and orders.sending.get() is not None:
            _looked_at(self, self, "status", "_body")
        try:
            body = await wrapped(self)
        except BaseException as error:
            if request is not None:
                request.failed(error)
            raise
        if request is not None:
            request.answered(request.status, body if isinstance(body, bytes) else None)
        return body

    return read


def _aiohttp_raise_for_status(wrapped: Method) -> Method:
    """The body is dropped by what is raised: it is looked at before, where all of it has come with the head."""

    def raise_for_status(self: Any) -> Any:
        if orders.sending.get() is not None:
            _look_at_whole(self)
        return wrapped(self)

    return raise_for_status


@never_raise(LIBRARY)
def _look_at_whole(response: Any) -> None:
    request, content = orders.sending.get(), response.content
    if (
        request is None
        or not _answers(request, response)
        or response._body is not None
        or not content.is_eof()
    ):
        return
    # What is empty has no buffer.
    whole = b"".join(getattr(content, "_buffer", ()))[getattr(content, "_buffer_offset", 0) :]
    request.looked_at(response.status, lambda: whole)


@never_raise(LIBRARY)
def _keep(response: Any, request: orders.HttpRequest) -> None:
    response.__dict__["_botobs_order_request"] = request


@never_raise(LIBRARY)
def _note_redirections(request: orders.HttpRequest, response: Any) -> None:
    """urllib3 repeats a POST where others make it a GET; the other page is none for orders all the same."""
    attempts = getattr(response.retries, "history", ())
    if any(attempt.status in _ELSEWHERE for attempt in attempts):
        request.strayed = True


def _answers(request: orders.HttpRequest, sent: Any) -> bool:
    """Whether what answers `sent` answers the request that is being sent."""
    same = (sent.method, urlsplit(str(sent.url)).path) == (request.method, request.path)
    return request.running and same


@never_raise(LIBRARY)
def _looked_at(response: Any, sent: Any, status: str, body: str) -> None:
    """An answer is at hand before the library returns it: a hook of the user's may read it, and raise because of it.

    Args:
        response: Whose body may be read later.
        sent: What it answers, with `method` and `url`: a hook may have sent something else besides.
        status: Name of its HTTP status.
        body: Name of its body, bytes once it is whole.
    """
    request = orders.sending.get()
    if request is not None and _answers(request, sent):
        request.looked_at(getattr(response, status), functools.partial(getattr, response, body, None))


@never_raise(LIBRARY)
def _answered(
    request: orders.HttpRequest, response: Any, status: str, body: str, answers: Any = None
) -> None:
    # `answers` has the method of the request that got the response: a redirection may have made a GET of a POST.
    request.strayed = str(getattr(answers, "method", request.method)).upper() != request.method
    found = getattr(response, status, None)
    content = getattr(response, body, None)
    headers = getattr(response, "headers", None)
    if not isinstance(content, bytes):
        if is_empty(headers):
            content = b""
        request.unread = body_of(response, body, found)
    request.answered(
        found if isinstance(found, int) else None, content if isinstance(content, bytes) else None, headers
    )
