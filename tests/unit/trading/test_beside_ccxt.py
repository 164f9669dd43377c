"""Orders through ccxt: its instrumentation and the trading API tell one story, and count different things."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import ccxt
import ccxt.async_support
import pytest
import pytest_asyncio

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture, capture
from tests.support.fake_binance import FakeBinance

pytestmark = pytest.mark.asyncio

KEY, SECRET = "canary-of-the-api-key", "canary-of-the-api-secret"


@pytest_asyncio.fixture
async def binance() -> AsyncIterator[FakeBinance]:
    fake = FakeBinance()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def captured(binance: FakeBinance) -> Iterator[Capture]:
    """With the instrumentations of libraries; the fake exchange is older, and so not watched."""
    with capture() as captured:
        yield captured


@pytest_asyncio.fixture
async def client(captured: Capture, binance: FakeBinance) -> AsyncIterator[Any]:
    client = ccxt.async_support.binance(binance.ccxt_config(apiKey=KEY, secret=SECRET))
    await client.load_markets()
    captured.clear()
    yield client
    await client.close()


async def buy(client: Any) -> trading.Order:
    with trading.decision("b1") as decision:
        order = decision.order("mine", exchange="binance", symbol="BTC/USDT", side="buy", type="limit")
        with order.submission():
            await client.create_order("BTC/USDT", "limit", "buy", 1, 100, {"clientOrderId": "mine"})
    return order


def lines(captured: Capture) -> list[str]:
    """The tree, without attributes and without what the fake exchange may add."""
    return captured.tree([]).splitlines()


async def test_the_request_is_below_the_submission(client: Any, captured: Capture) -> None:
    order = await buy(client)
    order.filled(1, 100, complete=True)
    tree = lines(captured)
    submit = tree.index("  order submit")
    assert tree[submit - 1] == "bot decision"
    assert "    create_order binance (client)" in tree[submit:]
    request, submission = captured.span("create_order binance"), captured.span("order submit")
    assert request.parent_id == submission.span_id
    assert submission.attributes[names.ORDER_CLIENT_ID] == "mine"
    assert captured.value(names.ORDERS.name) == 1
    assert captured.value("exchange.client.operation.duration", {"exchange.operation": "create_order"}) == 1
    captured.assert_no_secrets([KEY, SECRET])


async def test_a_refusal_is_one_rejected_order(client: Any, captured: Capture, binance: FakeBinance) -> None:
    binance.failure = (400, '{"code":-2010,"msg":"Account has insufficient balance for requested action."}')
    with pytest.raises(ccxt.InsufficientFunds):
        await buy(client)
    assert captured.value(names.ORDERS.name, {names.ORDER_OUTCOME: "rejected"}) == 1
    assert captured.value(names.ORDERS.name) == 1
    captured.assert_no_secrets([KEY, SECRET])


async def test_a_cut_connection_is_one_unknown_order(
    client: Any, captured: Capture, binance: FakeBinance
) -> None:
    binance.cut = True
    with pytest.raises(ccxt.NetworkError):
        await buy(client)
    assert captured.value(names.ORDERS.name, {names.ORDER_OUTCOME: "unknown"}) == 1
    assert captured.value(names.IN_FLIGHT.name) == 0
    captured.assert_no_secrets([KEY, SECRET])
