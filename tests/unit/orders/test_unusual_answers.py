"""Answers, connections and callers that are not as in the documentation, seen at the HTTP library."""

from __future__ import annotations

import asyncio
import functools
import itertools
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import ccxt
import httpx
import pytest
import requests

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import exchange as exchange_names
from botobs.semconv import trading as names
from botobs.testing import Capture, capture
from tests.support.order_desk import REFUSAL, OrderDesk, closed_url, order_desk
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.slow

ORDER = {"symbol": "BTCUSDT", "side": "BUY"}
IDS = (f"unusual-{number}" for number in itertools.count())
TAKEN = {"orderId": 1, "clientOrderId": "mine", "status": "NEW"}

#: As ccxt describes one, as far as `create_order` looks at it.
MARKET = {
    "id": "BTCUSDT",
    "symbol": "BTC/USDT",
    **dict.fromkeys(("base", "baseId"), "BTC"),
    **dict.fromkeys(("quote", "quoteId"), "USDT"),
    "type": "spot",
    "spot": True,
    **dict.fromkeys(("margin", "swap", "future", "option", "contract", "inverse"), False),
    "active": True,
    "precision": {"amount": 1e-6, "price": 0.01},
    "limits": {"amount": {}, "price": {}, "cost": {}},
    "info": {"orderTypes": ["LIMIT", "MARKET"]},
}


@pytest.fixture(scope="module")
def desk() -> Iterator[OrderDesk]:
    with order_desk() as listening:
        yield listening
        listening.answers.clear()


@pytest.fixture(scope="module")
def captured() -> Iterator[Capture]:
    with capture() as captured:
        yield captured


def reported(captured: Capture, order: str) -> Any:
    """The last stage of an order."""
    spans = [
        span
        for span in captured.spans
        if span.name.startswith("order ")
        and span.attributes.get(exchange_names.ORDER_CLIENT_ID) == order
        and names.ORDER_STAGE in span.attributes
    ]
    return spans[-1].attributes[names.ORDER_STAGE]


def submit(call: Callable[[], Any], exchange: str = "binance") -> str:
    identity = next(IDS)
    with suppress(Exception), trading.order(identity, exchange=exchange).submission():
        call()
    return identity


def post(url: str, path: str = "/order", **more: Any) -> None:
    requests.post(url + path, json=ORDER, timeout=5, **more).raise_for_status()


ANSWERS: dict[str, tuple[str, int, object, str]] = {
    "Binance has the order already": (
        "binance",
        400,
        {"code": -2010, "msg": "Duplicate order sent."},
        "unknown",
    ),
    "Binance refuses under the same code": ("binance", 400, REFUSAL, "rejected"),
    "Binance has a parameter twice": (
        "binance",
        400,
        {"code": -1101, "msg": "Duplicate values for a parameter detected."},
        "rejected",
    ),
    "Alpaca has the order already": (
        "alpaca",
        422,
        {"code": 40010001, "message": "client_order_id must be unique"},
        "unknown",
    ),
    "Hyperliquid has the request already": (
        "hyperliquid",
        200,
        {"status": "err", "response": "Invalid nonce: duplicate nonce 17"},
        "unknown",
    ),
    "a conflict": ("kraken", 409, "", "unknown"),
    "nginx, whose client has gone": ("binance", 499, "", "unknown"),
    "a firewall": ("binance", 403, "<html>", "rejected"),
    "an empty body": ("okx", 200, "", "unknown"),
    "an empty object": ("binance", 200, {}, "unknown"),
    "half a body": ("bybit", 200, '{"retCode":0,"resu', "unknown"),
    "no JSON": ("binance", 200, "upstream timed out", "unknown"),
    "no content": ("alpaca", 204, "", "acknowledged"),
    "a byte order mark": ("binance", 200, '\ufeff{"orderId":1}', "acknowledged"),
    "a label that the user gave": (
        "deribit",
        200,
        {"jsonrpc": "2.0", "result": {"order": {"order_id": "1", "label": "mine"}}},
        "acknowledged",
    ),
    "a code that means success": (
        "bitmart",
        200,
        {"code": 1000, "message": "OK", "data": {"order_id": 1}},
        "acknowledged",
    ),
    "a replacement without its cancellation": (
        "binance",
        409,
        {
            "code": -2021,
            "data": {
                "cancelResult": "FAILURE",
                "cancelResponse": {"code": -2011},
                "newOrderResult": "SUCCESS",
            },
        },
        "acknowledged",
    ),
    "a replacement that was refused": (
        "binance",
        409,
        {
            "code": -2021,
            "data": {
                "cancelResult": "SUCCESS",
                "newOrderResult": "FAILURE",
                "newOrderResponse": {"code": -2010, "msg": "no funds"},
            },
        },
        "rejected",
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer(captured: Capture, desk: OrderDesk, answer: str) -> None:
    exchange, status, body, expected = ANSWERS[answer]
    desk.answers["refuse"] = (status, body)
    desk.behaviours = ["refuse"]
    assert reported(captured, submit(lambda: post(desk.url), exchange)) == expected
    desk.answers.clear()


def test_which_of_two_orders_was_refused_is_not_known(captured: Capture, desk: OrderDesk) -> None:
    desk.answers["refuse"] = (200, [TAKEN, REFUSAL])
    desk.behaviours = ["refuse"]
    assert reported(captured, submit(lambda: post(desk.url), "binance")) == "unknown"
    desk.answers.clear()


class TwiceTransport(httpx.HTTPTransport):
    """Sends once more what failed."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = super().handle_request(request)
        except httpx.TransportError:
            return super().handle_request(request)
        return super().handle_request(request) if response.status_code >= 500 else response


def with_transport(url: str) -> None:
    with httpx.Client(transport=TwiceTransport(), timeout=5) as client:
        client.post(f"{url}/order", json=ORDER).raise_for_status()


async def twice(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    with suppress(aiohttp.ClientError):
        response = await handler(request)
        if response.status < 500:
            return response
    return await handler(request)


def by_aiohttp(function: Callable[[aiohttp.ClientSession, str], Awaitable[Any]]) -> Callable[[str], None]:
    @functools.wraps(function)
    def run(url: str) -> None:
        async def main() -> None:
            async with aiohttp.ClientSession() as session:
                await function(session, url)

        asyncio.run(main())

    return run


@by_aiohttp
async def with_middleware(session: aiohttp.ClientSession, url: str) -> None:
    async with session.post(f"{url}/order", json=ORDER, middlewares=(twice,)) as response:
        await response.read()
        response.raise_for_status()


@pytest.mark.parametrize("client", [with_transport, with_middleware])
@pytest.mark.parametrize(
    ("behaviours", "expected"),
    [
        (["take, cut", "refuse"], "unknown"),
        (["take, fail", "refuse"], "unknown"),
        (["take, cut", "take"], "acknowledged"),
    ],
)
def test_what_is_sent_again_below_the_caller(
    captured: Capture, desk: OrderDesk, client: Callable[[str], None], behaviours: list[Any], expected: str
) -> None:
    desk.behaviours = list(behaviours)
    assert reported(captured, submit(lambda: client(desk.url))) == expected
    assert not desk.behaviours


@by_aiohttp
async def with_a_broken_header(session: aiohttp.ClientSession, url: str) -> None:
    await session.post(f"{url}/order", headers={"X": "a\nb"})


def with_a_broken_header_by_httpx(url: str) -> None:
    httpx.post(f"{url}/order", headers={"X": "a\nb"}, timeout=5, trust_env=False)


@by_aiohttp
async def through_a_proxy_that_refuses(session: aiohttp.ClientSession, url: str) -> None:
    await session.post("https://exchange.invalid/order", proxy=f"{url}/proxy")


def with_a_check(url: str) -> None:
    post(url, "/api/v3/order/test")


def with_other_requests(url: str) -> None:
    post(url, "/0/private/Balance")
    requests.get(closed_url(), timeout=5)


@pytest.mark.parametrize(
    "client",
    [
        with_a_broken_header,
        with_a_broken_header_by_httpx,
        through_a_proxy_that_refuses,
        with_a_check,
        with_other_requests,
    ],
)
def test_nothing_of_the_order_was_written(
    captured: Capture, desk: OrderDesk, client: Callable[[str], None]
) -> None:
    desk.behaviours = ["take"]
    assert reported(captured, submit(lambda: client(desk.url))) == "failed"
    desk.behaviours = []


def test_a_block_that_tries_very_often(captured: Capture, desk: OrderDesk) -> None:
    """More than are remembered: the last one is not as those before."""
    nobody = closed_url()

    def persist() -> None:
        for _ in range(70):
            with suppress(requests.ConnectionError):
                post(nobody)
        post(desk.url)

    desk.behaviours = ["take, cut"]
    assert reported(captured, submit(persist)) == "unknown"


def test_a_connection_that_was_reset_just_before(captured: Capture) -> None:
    """Whatever the race of both ends makes of it: what the server has read is never denied."""
    read: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        read.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener, requests.Session() as session:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        session.get(url, timeout=5)
        server.join()
        listener.close()
        assert reported(captured, submit(lambda: session.post(f"{url}/order", json=ORDER))) in (
            "failed",
            "unknown",
        )
    assert len(read) == 1


def test_a_request_that_goes_on_when_its_block_has_ended(captured: Capture, desk: OrderDesk) -> None:
    """It waits for its connection still, and writes the order later."""
    identity = next(IDS)

    async def main() -> None:
        found = asyncio.Event()

        class Slow(aiohttp.abc.AbstractResolver):
            async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
                await found.wait()
                local = {"hostname": host, "host": "127.0.0.1", "port": port}
                return [{**local, "family": socket.AF_INET, "proto": 0, "flags": 0}]

            async def close(self) -> None:
                pass

        port = desk.url.rpartition(":")[2]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Slow())) as session:
            with suppress(TimeoutError), trading.order(identity, exchange="binance").submission():
                sending = asyncio.ensure_future(session.post(f"http://exchange.test:{port}/order"))
                await asyncio.wait_for(asyncio.shield(sending), 0.05)
            found.set()
            await sending

    held, desk.behaviours = desk.held, ["take"]
    asyncio.run(main())
    assert desk.held == held + 1
    assert reported(captured, identity) == "unknown"


@pytest.mark.parametrize(("answer", "expected"), [("take", "acknowledged"), ("refuse", "rejected")])
@pytest.mark.parametrize("waits", [True, False])
def test_a_watched_call_that_goes_on_when_its_block_has_ended(
    captured: Capture, desk: OrderDesk, answer: Any, expected: str, waits: bool
) -> None:
    """The block has given it up, or has not even waited for it: its answer tells."""
    identity, received = next(IDS), desk.received
    client: Any = ccxt.binance({"apiKey": "k", "secret": "s", "enableRateLimit": False})
    client.set_markets([MARKET])
    client.urls["api"]["private"] = desk.url

    def create() -> Any:
        try:
            client.create_order("BTC/USDT", "limit", "buy", 1, 1, {"newClientOrderId": identity})
        except ccxt.InsufficientFunds as error:
            return error
        return None

    async def main() -> None:
        with suppress(TimeoutError), trading.order(identity, exchange="binance").submission():
            begun = asyncio.ensure_future(asyncio.to_thread(create))
            await eventually_async(lambda: desk.received > received or begun.done())
            assert not begun.done() or begun.result()
            if waits:
                await asyncio.wait_for(asyncio.shield(begun), 0.05)
        assert reported(captured, identity) == ("unknown" if waits else "submitted")
        desk.open.set()
        await begun

    desk.behaviours = [answer]
    desk.open.clear()
    asyncio.run(main())
    assert reported(captured, identity) == expected
    assert identity not in {order.client_order_id for order in UNSETTLED.all()}
