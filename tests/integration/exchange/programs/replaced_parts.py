"""Submits orders through an exchange client of which the user has replaced a part, and prints what botobs counts.

    python replaced_parts.py CLIENT

One line of JSON a case: the part, what the exchange does, both counts of botobs, and how many orders the exchange
holds. What the user has put there sends by a socket that nobody watches, and raises something of its own.
"""

from __future__ import annotations

import json
import socket
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests

from botobs import trading
from botobs.testing import capture
from tests.integration.exchange.programs.client_orders import CLIENTS, counted, reported
from tests.support.order_desk import Behaviour, order_desk

#: By client: the function through which it sends, the path of an order, and the attribute with its session.
PARTS = {
    "alpaca-py": ("_request", "/v2/orders", "_session"),
    "binance-connector": ("send_request", "/api/v3/order", "session"),
    "binance-sdk-spot": ("", "/api/v3/order", "_tradeApi._session"),
    "coinbase-advanced-py": ("prepare_and_send_request", "/api/v3/brokerage/orders", "session"),
    "hyperliquid": ("post", "/exchange", "session"),
    "krakenex": ("_query", "/0/private/AddOrder", "session"),
    "kucoin-universal-sdk": ("call", "/api/v1/hf/orders", "http_client"),
    "pybit": ("_submit_request", "/v5/order/create", "client"),
    "python-okx": ("_request", "/api/v5/trade/order", ""),
}
CASES: list[Behaviour] = ["take", "refuse", "take, cut"]
Way = Callable[[Any, str, str], None]


class Gone(Exception):
    """No answer came."""


def post(url: str) -> tuple[int, bytes]:
    """Send an order by a socket of our own."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    if not data:
        raise Gone
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def answer(url: str) -> requests.Response:
    """The same, as requests would."""
    made = requests.Response()
    made.url, made.encoding = url, "utf-8"
    made.headers["Content-Type"] = "application/json"
    made.request = requests.Request("POST", url).prepare()
    made.status_code, made._content = post(url)
    return made


class Session(requests.Session):
    """Sends by itself."""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        return answer(str(request.url).replace("https:", "http:"))


class NoSession:
    """Has what a session has as far as the clients ask, and nothing of requests'."""

    def __init__(self, url: str) -> None:
        self.headers: dict[str, str] = {}
        self.prepare_request = requests.Session().prepare_request
        self.mount = lambda *_: None
        self.send = self.request = lambda *_, **__: answer(url)
        self.get = self.post = self.put = self.delete = self.send


def own_function(client: Any, name: str, url: str) -> None:
    """Sends by itself."""
    setattr(client, name, lambda *_, **__: json.loads(post(url)[1]))


def function_that_tries_again(client: Any, name: str, _: str) -> None:
    """Goes on to the library's own."""
    plain = getattr(client, name)

    def again(*args: Any, **kwargs: Any) -> Any:
        with suppress(Exception):
            return plain(*args, **kwargs)
        return plain(*args, **kwargs)

    setattr(client, name, again)


def function_of_the_session(client: Any, name: str, _: str) -> None:
    """The library's session, with another way of sending."""
    getattr(client, name).send = Session().send


def function_that_posts(client: Any, name: str, url: str) -> None:
    """The same, before the session has made a request of it; python-okx' client is a session of httpx itself."""
    session = client if hasattr(client, "build_request") else getattr(client, name)
    session.post = session.request = lambda *_, **__: answer(url)


def own_session(client: Any, name: str, _: str) -> None:
    """A class that derives from requests'."""
    setattr(client, name, Session())


def no_session(client: Any, name: str, url: str) -> None:
    """Something that only looks like one."""
    setattr(client, name, NoSession(url))


#: What is replaced of a client, given the object that has it, its name and the address of an order.
OF_THE_FUNCTION: tuple[Way, ...] = (own_function, function_that_tries_again)
OF_THE_SESSION: tuple[Way, ...] = (function_of_the_session, function_that_posts, own_session, no_session)


def owner(call: Callable[[], Any], path: str) -> tuple[Any, str]:
    """The object with an attribute, among those that `call` holds and their parts; and the attribute's name."""
    first, _, last = path.partition(".")
    found = deque(cell.cell_contents for cell in call.__closure__ or ())
    while found:
        each = found.popleft()
        each = getattr(each, "rest_api", each)
        if hasattr(each, first) and hasattr(each, "__dict__"):
            return (getattr(each, first), last) if last else (each, first)
        found.extend(getattr(each, "__dict__", {}).values())
    raise LookupError(path)


def outcome(client: str, way: Way, case: Behaviour) -> dict[str, Any]:
    """What is counted of one order."""
    exchange, make, answers = CLIENTS[client]
    function, path, session = PARTS[client]
    with order_desk() as desk, capture() as captured:
        desk.answers, desk.behaviours = answers, [case] * 9
        call = make(desk.url)
        way(*owner(call, session if way in OF_THE_SESSION and session else function), desk.url + path)
        with suppress(Exception), trading.order(case, exchange=exchange).submission():
            call()
        return {"seen": counted(captured), "reported": reported(captured, case), "held": desk.held}


def main(client: str) -> None:
    """Try each part of one client."""
    function, _, session = PARTS[client]
    of_the_session = OF_THE_SESSION if session else (function_that_posts,)
    for way in (*(OF_THE_FUNCTION if function else ()), *of_the_session):
        for case in CASES:
            print(json.dumps({"way": way.__name__, "case": case, **outcome(client, way, case)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
