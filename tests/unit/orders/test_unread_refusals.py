"""Refusals whose body nobody reads: their code may say that the order is there all the same."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import requests
import urllib3

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.order_desk import Behaviour, OrderDesk

BODY = "symbol=BTCUSDT"


def with_urllib(url: str) -> None:
    try:
        urllib.request.urlopen(url, BODY.encode(), timeout=30)
    except urllib.error.HTTPError as error:
        error.close()
        raise


def with_http_client(url: str) -> None:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request("POST", "/order", BODY)
        with connection.getresponse() as response:
            refuse(response.status)


def with_requests(url: str) -> None:
    with requests.post(url, BODY, stream=True, timeout=30) as response:
        response.raise_for_status()


def with_urllib3(url: str) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        response = pool.request("POST", url, body=BODY, preload_content=False)
        refuse(response.status)


def with_aiohttp(url: str) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session, session.post(url, data=BODY) as response:
            refuse(response.status)

    asyncio.run(run())


def with_httpx(url: str) -> None:
    with httpx.stream("POST", url, content=BODY, timeout=30, trust_env=False) as response:
        response.raise_for_status()


def refuse(status: int) -> None:
    if status >= 400:
        raise RuntimeError(status)


WAYS = [with_urllib, with_http_client, with_requests, with_urllib3, with_aiohttp]


def reported(captured: Capture, way: Callable[[str], None], desk: OrderDesk) -> Any:
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        way(f"{desk.url}/order")
    return captured.span("order submit").attributes[names.ORDER_STAGE]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("behaviour", "stage"),
    [
        ("take, say a code of no table", "unknown"),
        ("lose, say that it is not known", "unknown"),
        ("refuse", "rejected"),
        ("refuse, as a firewall", "rejected"),
    ],
)
def test_what_has_come_of_it_decides(
    behaviour: Behaviour, stage: str, way: Callable[[str], None], desk: OrderDesk, captured: Capture
) -> None:
    desk.behaviours = [behaviour]
    assert reported(captured, way, desk) == stage


@pytest.mark.parametrize(
    ("behaviour", "stage"), [("refuse", "unknown"), ("refuse, as a firewall", "rejected")]
)
def test_where_it_cannot_be_looked_at_nobody_knows(
    behaviour: Behaviour, stage: str, desk: OrderDesk, captured: Capture
) -> None:
    """httpx keeps what has come where nobody else can see it."""
    desk.behaviours = [behaviour]
    assert reported(captured, with_httpx, desk) == stage


@pytest.mark.parametrize("behaviour", ["refuse", "take, fail"])
def test_who_reads_it_later_gets_all_of_it(behaviour: Behaviour, desk: OrderDesk, captured: Capture) -> None:
    desk.behaviours = [behaviour]
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        try:
            urllib.request.urlopen(f"{desk.url}/order", BODY.encode(), timeout=30)
        except urllib.error.HTTPError as error:
            with error:
                assert len(error.read()) == int(error.headers["Content-Length"])
            raise
    told_stage = captured.span("order submit").attributes[names.ORDER_STAGE]
    assert told_stage == ("rejected" if behaviour == "refuse" else "unknown")
