"""Answers that are no HTTP, or cannot be read to their end: the order was taken, whatever a library makes of them."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
import ccxt.async_support
import httpx
import pytest
import requests

from botobs import trading
from botobs.testing import Capture
from tests.support.ccxt_at_desk import ORDER, binance_at, outcomes
from tests.support.order_desk import Behaviour, OrderDesk

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient

pytestmark = pytest.mark.slow


def with_ccxt(url: str) -> None:
    binance_at(url).create_order(*ORDER)


def with_ccxt_async(url: str) -> None:
    async def submit() -> None:
        client = binance_at(url, ccxt.async_support.binance)
        try:
            await client.create_order(*ORDER)
        finally:
            await client.close()

    asyncio.run(submit())


def with_python_binance(url: str) -> None:
    async def submit() -> None:
        client = AsyncClient("key", "secret")
        client.API_URL = f"{url}/api"
        try:
            await client.create_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=1)
        finally:
            await client.close_connection()

    asyncio.run(submit())


def with_requests(url: str) -> None:
    requests.post(f"{url}/order", timeout=30).json()


def with_httpx(url: str) -> None:
    httpx.post(f"{url}/order").json()


def with_aiohttp(url: str) -> None:
    async def submit() -> None:
        async with aiohttp.ClientSession() as session, session.post(f"{url}/order") as answer:
            await answer.json()

    asyncio.run(submit())


BROKEN: tuple[Behaviour, ...] = (
    "take, break the compression",
    "take, cut a chunk",
    "take, cut the answer",
    "take, answer no HTTP",
    "take, answer with a long header",
)
WATCHED = (with_ccxt, with_ccxt_async, with_python_binance)


@pytest.mark.parametrize("behaviour", BROKEN)
@pytest.mark.parametrize(
    "way", [*WATCHED, with_requests, with_httpx, with_aiohttp], ids=lambda way: way.__name__
)
def test_they_leave_the_order_open(
    way: Callable[[str], Any], behaviour: Behaviour, desk: OrderDesk, captured: Capture
) -> None:
    desk.behaviours, held = [behaviour], desk.held
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        way(desk.url)
    assert desk.held == held + 1
    seen, reported = outcomes(captured)
    assert reported == {"unknown": 1}
    assert seen == ({"unknown": 1} if way in WATCHED else {})
