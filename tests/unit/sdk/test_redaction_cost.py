"""What redaction costs, counted in calls: seconds of a busy machine would tell less.

The bounds are what it cost when they were written, and a twentieth more; other versions of Python make fewer calls.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from random import Random
from types import FrameType

import pytest

from botobs._sdk.redaction import Redactor
from tests.support.redaction.kinds import HEX, LOWER, chars

_RANDOM = Random(19)
_COUNT = 100


def _span(number: int) -> list[tuple[str, str]]:
    """Attributes of an order's span: most are the same each time."""
    return [
        ("exchange.name", "binance"),
        ("exchange.symbol", "BTC/USDT"),
        ("exchange.order.client_id", f"x-{chars(LOWER, 20)(_RANDOM)}"),
        ("exchange.order.id", str(_RANDOM.randrange(10**12))),
        ("server.address", "api.binance.com"),
        ("botobs.bot.id", f"grid-{number % 20}"),
        ("note", f"order {_RANDOM.randrange(10**12)} filled at {_RANDOM.random() * 60000:.2f}"),
        ("db.query.text", "SELECT id FROM orders WHERE client_id = $1"),
    ]


def _signed(number: int) -> list[tuple[str, str]]:
    """An address as another instrumentation than botobs' writes it."""
    query = (
        f"symbol=BTCUSDT&side=BUY&timestamp={1_700_000_000_000 + number}&signature={chars(HEX, 64)(_RANDOM)}"
    )
    return [("url.full", f"https://api.binance.com/api/v3/order?{query}")]


def _log(number: int) -> list[tuple[str, str]]:
    """A line of a log, as the value of an attribute that nothing is known of."""
    return [
        ("body", f'{{"orderId": {_RANDOM.randrange(10**12)}, "status": "FILLED", "bot": "grid-{number}"}}')
    ]


@pytest.fixture(autouse=True)
def _unwatched() -> Iterator[None]:
    """A profiler that watches the tests stays in its place."""
    before = sys.getprofile()
    yield
    sys.setprofile(before)


@pytest.mark.parametrize(("make", "most"), [(_span, 83), (_signed, 88), (_log, 52)])
def test_calls_of_what_comes_again_and_again(make: Callable[[int], list[tuple[str, str]]], most: int) -> None:
    redactor = Redactor()
    given = [make(number) for number in range(_COUNT + 1)]
    for key, value in given.pop():
        redactor.attribute(key, value)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    for each in given:
        for key, value in each:
            redactor.attribute(key, value)
    sys.setprofile(None)
    assert calls / _COUNT <= most
