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

from botobs._sdk.orders import UNSETTLED
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


@pytest.mark.parametrize("made", [with_ccxt, with_python_binance], ids=lambda made: made.__name__)
async def test_it_is_settled(made: Callable[..., Any], binance: FakeBinance) -> None:
    def placed() -> list[Any]:
        return [frame for frame in binance.frames if frame.get("method") == "order.place"]

    with capture():
        send, close = await made(binance)
        sending = asyncio.ensure_future(send())
        await eventually_async(lambda: len(placed()) == 1)
        sending.cancel()
        with suppress(asyncio.CancelledError, ccxt.BaseError):
            await sending
        [order] = UNSETTLED.all()
        [frame] = placed()
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
