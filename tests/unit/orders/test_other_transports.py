"""Transports that a user puts below an HTTP library: what is not seen to be written may have been."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.ccxt_at_desk import ORDER, binance_at, outcomes
from tests.support.order_desk import OrderDesk, closed_url


def by_hand(url: str) -> None:
    """Post an order over a socket, as a library does that is not watched, and fail like one."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as connection:
        connection.sendall(b"POST /order HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        connection.recv(1)
    raise TimeoutError("no answer")


class Other(HTTPAdapter):
    """Sends by another library."""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        by_hand(request.url)


class Patient(HTTPAdapter):
    """Only adds something, as adapters with a default timeout do."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().send(request, *args, **{**kwargs, "timeout": 5})


class OtherTransport(httpx.BaseTransport):
    """Sends by another library."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        by_hand(str(request.url))
        raise AssertionError


class Wrapped(httpx.BaseTransport):
    """Goes on to httpx' own, as those do that try again."""

    def __init__(self) -> None:
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


def with_requests(adapter: HTTPAdapter, url: str) -> None:
    session = requests.Session()
    session.mount("http://", adapter)
    session.post(f"{url}/order")


def with_httpx(transport: httpx.BaseTransport, url: str) -> None:
    with httpx.Client(transport=transport) as client:
        client.post(f"{url}/order")


def with_urllib3(url: str) -> None:
    class Connection(urllib3.connection.HTTPConnection):
        """Writes in its own way."""

        def send(self, *_: Any) -> None:
            by_hand(url)

    pool = urllib3.HTTPConnectionPool("127.0.0.1", urlsplit(url).port, retries=False)
    pool.ConnectionCls = Connection
    pool.urlopen("POST", "/order")


def with_ccxt(url: str) -> None:
    exchange = binance_at(url)
    exchange.session.mount("http://", Other())
    exchange.create_order(*ORDER)


UNSEEN: dict[str, Callable[[str], None]] = {
    "requests": lambda url: with_requests(Other(), url),
    "httpx": lambda url: with_httpx(OtherTransport(), url),
    "urllib3": with_urllib3,
    "ccxt": with_ccxt,
}
SEEN: dict[str, Callable[[str], None]] = {
    "requests": lambda url: with_requests(Patient(), url),
    "httpx": lambda url: with_httpx(Wrapped(), url),
}


def reported(captured: Capture, post: Callable[[str], None], url: str) -> Any:
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        post(url)
    return captured.span("order submit").attributes[names.ORDER_STAGE]


@pytest.mark.parametrize("name", UNSEEN)
def test_what_another_library_sends_is_unknown(name: str, desk: OrderDesk, captured: Capture) -> None:
    desk.behaviours, held = ["take, cut"], desk.held
    assert reported(captured, UNSEEN[name], desk.url) == "unknown"
    assert desk.held == held + 1
    assert outcomes(captured)[0] == ({"unknown": 1} if name == "ccxt" else {})


@pytest.mark.parametrize("name", SEEN)
def test_what_goes_on_to_the_librarys_own_is_seen(name: str, captured: Capture) -> None:
    assert reported(captured, SEEN[name], closed_url()) == "failed"


@pytest.mark.parametrize("name", SEEN)
def test_and_what_is_written(name: str, desk: OrderDesk, captured: Capture) -> None:
    desk.behaviours = ["take, cut"]
    assert reported(captured, SEEN[name], desk.url) == "unknown"
