"""Answers whose body is read after their head, as `stream=True` has it: what the body says decides all the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import httpx
import pytest
import requests
import urllib3

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.order_desk import Behaviour, OrderDesk


def with_requests(url: str) -> None:
    with requests.post(f"{url}/order", json={}, stream=True, timeout=5) as answer:
        answer.json()


def with_httpx(url: str) -> None:
    with httpx.stream("POST", f"{url}/order", json={}) as answer:
        answer.read()


def with_urllib3(url: str) -> None:
    pool = urllib3.PoolManager()
    assert pool.request("POST", f"{url}/order", json={}, preload_content=False, retries=False).data


@pytest.mark.parametrize(
    ("behaviour", "stage"),
    [
        ("take", "acknowledged"),
        ("refuse", "rejected"),
        ("refuse with 200", "rejected"),
        ("take, answer half a body", "unknown"),
        ("take, cut the answer", "unknown"),
        ("take, cut", "unknown"),
    ],
)
@pytest.mark.parametrize("post", [with_requests, with_httpx, with_urllib3], ids=lambda post: post.__name__)
def test_the_body_decides(
    post: Callable[[str], None], behaviour: Behaviour, stage: str, desk: OrderDesk, captured: Capture
) -> None:
    desk.behaviours = [behaviour]
    with contextlib.suppress(Exception), trading.order("mine", exchange="binance").submission():
        post(desk.url)
    assert captured.span("order submit").attributes[names.ORDER_STAGE] == stage
