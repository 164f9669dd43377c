"""Sees an order's request in `http.client`, with which urllib.request, httplib2, requests and urllib3 send.

A request that begins here is one of the user's own code, or of a library of which nothing else is watched.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from ... import orders
from ...patching.guard import never_raise
from ...patching.patch import Patches
from .unread import body_of, is_empty

LIBRARY = "order_evidence"
begin = never_raise(LIBRARY)(orders.begin_request)


@never_raise(LIBRARY)
def seen_in(request: Any, body: str) -> orders.HttpRequest | None:
    """What `begin` returns for a request object; None for anything else that a library is asked to send.

    Args:
        body: Name of its body.
    """
    method, url = getattr(request, "method", None), getattr(request, "url", None)
    return (
        None
        if method is None or url is None
        else orders.begin_request(method, url, getattr(request, body, None))
    )


#: How a connection that is lost already meets the first bytes. Not every `OSError`: a handler of signals may raise
#: one after they were written.
LOST = (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

#: A proxy is asked for a tunnel before anything of the request itself is sent.
TUNNEL = b"CONNECT "

#: Where a connection has its request until it is answered, and an answer until it is read.
_REQUEST = "_botobs_order_request"
#: Where it has method and address of one that is put together by its user.
_PARTS = "_botobs_order_parts"

Method = Callable[..., Any]


def first(args: tuple[Any, ...], kwargs: Mapping[str, Any], *names: str) -> list[Any]:
    """The arguments that a function calls `names`, its first; None for those that are not given.

    What is watched is called with the very arguments that were given, so that wrong ones fail as they do unwatched.
    """
    return [args[place] if place < len(args) else kwargs.get(name) for place, name in enumerate(names)]


def watch_http_client(patches: Patches) -> None:
    """Watch `http.client`."""
    connection, response = http.client.HTTPConnection, http.client.HTTPResponse
    patches.replace_method(connection, "send", _send_bytes)
    patches.replace_method(connection, "request", _request)
    patches.replace_method(connection, "putrequest", _putrequest)
    patches.replace_method(connection, "getresponse", _getresponse)
    patches.replace_method(response, "read", _read)


def _send_bytes(wrapped: Method) -> Method:
    """With this requests and urllib3 send, too."""

    def send(self: Any, data: Any) -> Any:
        request = orders.sending.get()
        if request is not None:
            return wrapped(self, data) if request.written else _send_first(request, wrapped, self, data)
        parts = self.__dict__.pop(_PARTS, None)
        request = None if parts is None else begin(*parts)
        if request is None:
            return wrapped(self, data)
        self.__dict__[_REQUEST] = request
        try:
            return _send_first(request, wrapped, self, data)
        except BaseException as error:
            request.failed(error)
            raise

    return send


def _send_first(request: orders.HttpRequest, wrapped: Method, connection: Any, data: Any) -> Any:
    if connection.sock is None and connection.auto_open:
        # The first thing that the original does, too; what fails here was not sent.
        connection.connect()
    if isinstance(data, bytes) and data.startswith(TUNNEL):
        return wrapped(connection, data)
    request.writes()
    try:
        # First the head as a whole, or nothing that a server can act on.
        return wrapped(connection, data)
    except LOST:
        request.not_written()
        raise


def _putrequest(wrapped: Method) -> Method:
    """Of a request that is put together in parts, the first bytes are sent by `endheaders`: it begins with them."""

    def putrequest(self: Any, *args: Any, **kwargs: Any) -> Any:
        if orders.sending.get() is None:
            self.__dict__[_PARTS] = first(args, kwargs, "method", "url")
        return wrapped(self, *args, **kwargs)

    return putrequest


def _request(wrapped: Method) -> Method:
    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen = begin(*first(args, kwargs, "method", "url", "body"))
        if seen is None:
            return wrapped(self, *args, **kwargs)
        token = orders.sending.set(seen)
        try:
            result = wrapped(self, *args, **kwargs)
        except BaseException as error:
            seen.failed(error)
            raise
        finally:
            orders.sending.reset(token)
        self.__dict__[_REQUEST] = seen
        return result

    return request


def _getresponse(wrapped: Method) -> Method:
    def getresponse(self: Any) -> Any:
        seen: orders.HttpRequest | None = self.__dict__.pop(_REQUEST, None)
        if seen is None:
            return wrapped(self)
        try:
            response = wrapped(self)
        except BaseException as error:
            seen.failed(error)
            raise
        _answered(seen, response)
        response.__dict__[_REQUEST] = seen
        return response

    return getresponse


@never_raise(LIBRARY)
def _answered(seen: orders.HttpRequest, response: Any) -> None:
    seen.unread = body_of(response, "", response.status)
    seen.answered(response.status, b"" if is_empty(response.headers) else None, response.headers)


def _read(wrapped: Method) -> Method:
    """The body comes after the response's head, perhaps in pieces."""

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen: orders.HttpRequest | None = self.__dict__.get(_REQUEST)
        if seen is None:
            return wrapped(self, *args, **kwargs)
        try:
            body = wrapped(self, *args, **kwargs)
        except BaseException as error:
            seen.failed(error)
            raise
        if body or not seen.read:
            seen.answered(seen.status, seen.answer.encode() + body)
        return body

    return read
