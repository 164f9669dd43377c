"""Orders that a user's own code sends with the standard library: what was written and answered is seen there, too."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.order_desk import Behaviour, OrderDesk, closed_url


def with_urllib(url: str) -> Any:
    request = urllib.request.Request(f"{url}/order", data=b"symbol=BTCUSDT", method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def in_pieces(url: str) -> Any:
    body = b""
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request("POST", "/order", b"symbol=BTCUSDT")
        response = connection.getresponse()
        while piece := response.read(7):
            body += piece
    if response.status >= 400:
        raise RuntimeError(response.status)
    return json.loads(body)


def by_parts(url: str) -> Any:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.putrequest("GET", "/time")
        connection.endheaders()
        connection.getresponse().read()
        connection.putrequest("POST", "/order")
        connection.putheader("Content-Length", "14")
        connection.endheaders(b"symbol=BTCUSDT")
        # What it says is nothing to its user.
        return connection.getresponse().read()


def unread(url: str) -> None:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request("POST", "/order", b"symbol=BTCUSDT")


TOLD: dict[Behaviour, str] = {
    "take": "acknowledged",
    "refuse": "rejected",
    "refuse with 200": "rejected",
    "take, say that it is not known": "unknown",
    "take, cut": "unknown",
    "take, cut the answer": "unknown",
    "take, fail": "unknown",
    "take, answer a page": "unknown",
    "take, answer half a body": "unknown",
    "take, answer nothing": "unknown",
    "take, redirect": "unknown",
    "take, conflict": "unknown",
    "refuse, as a firewall": "rejected",
}


def reported(captured: Capture, way: Callable[[str], Any], url: str) -> Any:
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        way(url)
    return captured.span("order submit").attributes[names.ORDER_STAGE]


@pytest.mark.parametrize("way", [with_urllib, in_pieces, by_parts], ids=lambda way: way.__name__)
@pytest.mark.parametrize("behaviour", TOLD)
def test_the_answer_decides(
    behaviour: Behaviour, way: Callable[[str], Any], desk: OrderDesk, captured: Capture
) -> None:
    desk.behaviours = [behaviour]
    assert reported(captured, way, desk.url) == TOLD[behaviour]


@pytest.mark.parametrize("way", [with_urllib, in_pieces, by_parts], ids=lambda way: way.__name__)
def test_nobody_listens(way: Callable[[str], Any], captured: Capture) -> None:
    assert reported(captured, way, closed_url()) == "failed"


def test_what_was_written_and_never_asked_for_is_unknown(desk: OrderDesk, captured: Capture) -> None:
    desk.behaviours = ["take"]
    assert reported(captured, unread, desk.url) == "unknown"
