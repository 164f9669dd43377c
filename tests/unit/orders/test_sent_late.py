"""A block that ends before its order is sent, as in a task that it only creates: what becomes of it is told then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import ccxt.async_support
import httpx
import pytest

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.ccxt_at_desk import ORDER, binance_at, outcomes
from tests.support.order_desk import Behaviour, OrderDesk


async def with_ccxt(url: str) -> None:
    exchange = binance_at(url, ccxt.async_support.binance)
    try:
        await exchange.create_order(*ORDER)
    finally:
        await exchange.close()


async def with_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{url}/order", json={}) as answer:
        await answer.read()


async def with_httpx(url: str) -> None:
    async with httpx.AsyncClient() as client:
        await client.post(f"{url}/order", json={})


@pytest.mark.parametrize(
    ("behaviour", "outcome"), [("refuse", "rejected"), ("take, cut", "unknown"), ("take", None)]
)
@pytest.mark.parametrize("post", [with_ccxt, with_aiohttp, with_httpx], ids=lambda post: post.__name__)
def test_what_becomes_of_it_is_told(
    post: Callable[[str], Awaitable[None]],
    behaviour: Behaviour,
    outcome: str | None,
    desk: OrderDesk,
    captured: Capture,
) -> None:
    async def submit() -> None:
        with trading.order("mine", exchange="binance").submission():
            task = asyncio.ensure_future(post(desk.url))
        with suppress(Exception):
            await task

    desk.behaviours = [behaviour]
    asyncio.run(submit())
    seen, reported = outcomes(captured)
    assert reported == ({} if outcome is None else {outcome: 1})
    assert seen == ({outcome or "accepted": 1} if post is with_ccxt else {})
    stages = [
        span.attributes[names.ORDER_STAGE] for span in captured.spans if names.ORDER_STAGE in span.attributes
    ]
    assert stages[-1] == (outcome or "acknowledged")
    assert {order.known_as or order.client_order_id for order in UNSETTLED.all()} == (
        {"mine"} if outcome == "unknown" else set()
    )


def test_only_the_first_that_is_sent_is_the_order(desk: OrderDesk, captured: Capture) -> None:
    """A task that goes on for ever has the context of the block in which it was created."""

    async def submit() -> None:
        async def worker() -> None:
            for _ in range(2):
                await with_aiohttp(desk.url)

        with trading.order("mine", exchange="binance").submission():
            task = asyncio.ensure_future(worker())
        await task

    desk.behaviours = ["take", "refuse"]
    asyncio.run(submit())
    assert outcomes(captured)[1] == {}
