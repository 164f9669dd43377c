"""An order that is only checked is none, whatever comes of the check: nothing stays unknown."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import httpx
import pytest
import requests

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import exchange as exchange_names
from botobs.semconv import trading as names
from botobs.testing import Capture, capture
from tests.support.order_desk import Behaviour, OrderDesk

pytestmark = pytest.mark.slow

PATH = "/api/v3/order/test"
IDS = (f"trial-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def captured() -> Iterator[Capture]:
    with capture() as captured:
        yield captured


def by_requests(url: str) -> None:
    requests.post(url, timeout=5).raise_for_status()


def by_a_session(url: str) -> None:
    with requests.Session() as session:
        session.post(url, timeout=5).raise_for_status()


def by_httpx(url: str) -> None:
    httpx.post(url, timeout=5, trust_env=False).raise_for_status()


def by_async_httpx(url: str) -> None:
    async def call() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(url)).raise_for_status()

    asyncio.run(call())


def by_aiohttp(url: str) -> None:
    async def call() -> None:
        async with aiohttp.ClientSession(raise_for_status=True) as session, session.post(url) as response:
            await response.read()

    asyncio.run(call())


def by_aiohttp_later(url: str) -> None:
    async def call() -> None:
        async with aiohttp.ClientSession() as session, session.post(url) as response:
            response.raise_for_status()

    asyncio.run(call())


def by_an_exception_of_its_own(url: str) -> None:
    response = requests.post(url, timeout=5)
    if not response.ok:
        raise RuntimeError(response.text)


def by_an_exception_made_of_another(url: str) -> None:
    try:
        by_requests(url)
    except requests.HTTPError as error:
        raise RuntimeError("refused") from error


WAYS = (
    by_requests,
    by_a_session,
    by_httpx,
    by_async_httpx,
    by_aiohttp,
    by_aiohttp_later,
    by_an_exception_of_its_own,
    by_an_exception_made_of_another,
)


def stage(captured: Capture, call: Callable[[], Any]) -> Any:
    """The last stage that is told of an order around `call`."""
    identity = next(IDS)
    with suppress(Exception), trading.order(identity, exchange="binance").submission():
        call()
    reported = [
        span.attributes[names.ORDER_STAGE]
        for span in captured.spans
        if span.attributes.get(exchange_names.ORDER_CLIENT_ID) == identity
        and names.ORDER_STAGE in span.attributes
    ]
    return reported[-1]


@pytest.mark.parametrize("behaviour", ["refuse", "lose, fail", "lose, cut"])
@pytest.mark.parametrize("way", WAYS)
def test_a_refused_check(
    captured: Capture, desk: OrderDesk, way: Callable[[str], None], behaviour: Behaviour
) -> None:
    desk.behaviours = [behaviour]
    before = len(UNSETTLED.all())
    assert stage(captured, lambda: way(desk.url + PATH)) == "failed"
    assert len(UNSETTLED.all()) == before


@pytest.mark.parametrize("way", WAYS[:6])
def test_an_order_after_its_check_counts(
    captured: Capture, desk: OrderDesk, way: Callable[[str], None]
) -> None:
    desk.behaviours = ["take", "take, fail"]

    def both() -> None:
        way(desk.url + PATH)
        way(desk.url + "/api/v3/order")

    assert stage(captured, both) == "unknown"
