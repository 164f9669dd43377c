"""An order over a WebSocket that was given up, and is answered all the same: the answer settles it."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import ccxt
import ccxt.pro
import pytest
import pytest_asyncio

from botobs._sdk.instrument.exchange import late_answers
from botobs._sdk.orders import UNSETTLED, UnsettledOrder
from botobs.testing import capture
from tests.support.ccxt_at_desk import ORDER, binance_at
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import eventually_async

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

GIVEN = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "quantity": 1,
    "price": "100",
    "timeInForce": "GTC",
}


@pytest_asyncio.fixture
async def binance() -> AsyncIterator[FakeBinance]:
    fake = FakeBinance()
    fake.answers_frames = False
    await fake.start()
    yield fake
    await fake.stop()


async def with_ccxt(
    binance: FakeBinance,
) -> tuple[Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]:
    client = binance_at(binance.url, ccxt.pro.binance)
    client.urls["api"]["ws"] = {"ws-api": {"spot": f"ws://127.0.0.1:{binance.port}/ws"}}
    return lambda: client.create_order_ws(*ORDER), client.close


async def with_python_binance(
    binance: FakeBinance,
) -> tuple[Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]:
    client = AsyncClient("key", "secret")
    client.ws_api._url = f"ws://127.0.0.1:{binance.port}/ws"
    return lambda: client.ws_create_order(**GIVEN), client.close_connection


REFUSED = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
NOT_KNOWN = {"code": -1007, "msg": "Timeout waiting for response from backend server."}


async def given_up(send: Callable[[], Awaitable[Any]], binance: FakeBinance) -> dict[str, Any]:
    """Send an order, and do not wait for its response; returns what was sent."""

    def placed() -> list[dict[str, Any]]:
        return [frame for frame in binance.frames if frame.get("method") == "order.place"]

    before = len(placed())
    sending = asyncio.ensure_future(send())
    await eventually_async(lambda: len(placed()) > before)
    sending.cancel()
    with suppress(asyncio.CancelledError, ccxt.BaseError):
        await sending
    return placed()[-1]


@pytest.mark.parametrize("made", [with_ccxt, with_python_binance], ids=lambda made: made.__name__)
async def test_a_refusal_settles_its_own_order(made: Callable[..., Any], binance: FakeBinance) -> None:
    settled: list[tuple[str, str]] = []

    def note(order: UnsettledOrder, outcome: str) -> None:
        settled.append((order.client_order_id, outcome))

    with capture():
        send, close = await made(binance)
        frames = [await given_up(send, binance) for _ in range(3)]
        assert len(UNSETTLED.all()) == 3
        UNSETTLED.on_settled.append(note)
        names = [frame["params"]["newClientOrderId"] for frame in frames]
        if made is with_ccxt:
            # python-binance gives a connection up over an error that nobody waits for.
            await binance.send({"id": frames[0]["id"], "status": 408, "error": NOT_KNOWN})
        await binance.send({"id": frames[1]["id"], "status": 400, "error": REFUSED})
        await eventually_async(lambda: settled == [(names[1], "rejected")])
        assert [order.client_order_id for order in UNSETTLED.all()] == [names[0], names[2]]
        UNSETTLED.on_settled.remove(note)
        with suppress(ccxt.BaseError):
            await close()


@pytest.mark.parametrize("made", [with_ccxt, with_python_binance], ids=lambda made: made.__name__)
async def test_it_is_settled(made: Callable[..., Any], binance: FakeBinance) -> None:
    with capture():
        send, close = await made(binance)
        frame = await given_up(send, binance)
        [order] = UNSETTLED.all()
        assert order.client_order_id == frame["params"]["newClientOrderId"]
        taken = {
            "symbol": "BTCUSDT",
            "orderId": 1,
            "clientOrderId": order.client_order_id,
            "status": "NEW",
            "transactTime": 1,
        }
        await binance.send({"id": frame["id"], "status": 200, "result": taken})
        await eventually_async(lambda: not UNSETTLED.all())
        with suppress(ccxt.BaseError):
            await close()


async def test_by_which_id_exchanges_answer() -> None:
    asked = {"id": 7, "event": "api", "payload": {"req_id": "mine"}}
    assert late_answers.request_id(asked) == "mine"
    assert late_answers.request_id({"request_id": "mine", "ack": True, "data": {}}) == ""
    assert late_answers.request_id({"request_id": "mine", "ack": False, "data": {"errs": {}}}) == "mine"
    for name in ("id", "reqId", "req_id"):
        assert late_answers.request_id({name: 7}) == "7"
    assert late_answers.request_id({"event": "update"}) == ""
