"""The simulator's faults of orders: answers that do not come, and orders that others touch."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from botobs._demo.exchange_simulator.client import DIALECTS
from botobs._demo.exchange_simulator.exchange import Behaviour
from tests.support.simulator import SYMBOL, Simulator

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("name", DIALECTS)]


@pytest.fixture
def behaviour() -> Behaviour:
    """The market stands still, so that orders wait."""
    return Behaviour(reject_share=0.0, step=3600.0)


async def touch(simulator: Simulator, expected: int = 200, **body: Any) -> Any:
    async with simulator.session.post(f"{simulator.url}/control/orders", json=body) as response:
        assert response.status == expected, await response.text()
        return await (response.json() if expected == 200 else response.text())


async def test_an_order_whose_answer_is_cut_off_is_there(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    await simulator.fault("drop_acks", exchange=name)
    with pytest.raises(ccxt.NetworkError):
        await client.create_order(SYMBOL, "limit", "buy", 0.01, 10_000, {"clientOrderId": "mine"})
    [order] = await client.fetch_open_orders(SYMBOL)
    assert order["clientOrderId"] == "mine"


async def test_orders_are_filled_and_cancelled_without_the_client(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    for client_order_id in ("fills", "ends"):
        await client.create_order(SYMBOL, "limit", "buy", 0.01, 10_000, {"clientOrderId": client_order_id})
    await touch(simulator, exchange=name, do="fill", client_id="fills")
    await touch(simulator, exchange=name, do="cancel", client_id="ends")
    states = {
        each: (await client.fetch_order(None, SYMBOL, {"clientOrderId": each}))["status"]
        for each in ("fills", "ends")
    }
    assert states == {"fills": "closed", "ends": "canceled"}
    [trade] = await client.fetch_my_trades(SYMBOL)
    assert trade["amount"] == 0.01
    assert trade["price"] == 10_000


async def test_somebody_else_trades(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    placed = await touch(simulator, exchange=name, do="place", symbol=SYMBOL, side="buy", amount=0.02)
    assert placed["client_id"].startswith("web_")
    [trade] = await client.fetch_my_trades(SYMBOL)
    assert (trade["order"], trade["side"]) == (placed["id"], "buy")
    assert await client.fetch_my_trades(SYMBOL, client.milliseconds() + 60_000) == []


async def test_streams_may_tell_nothing_of_orders(simulator: Simulator, name: str) -> None:
    reported: list[Any] = []
    streams: Any = simulator.exchanges[name].orders
    publish = streams.on_change
    feed = publish.__self__
    feed._streams.order = reported.append
    await simulator.fault("order_silence", exchange=name)
    await touch(simulator, exchange=name, do="place", symbol=SYMBOL, amount=0.02)
    assert reported == []
    async with simulator.session.delete(f"{simulator.url}/control/faults"):
        pass
    await touch(simulator, exchange=name, do="place", symbol=SYMBOL, amount=0.02)
    assert len(reported) == 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"do": "fill", "client_id": "nobody"}, "the exchange refuses: unknown_order"),
        ({"do": "place", "symbol": "DOGE/USDT", "amount": 1}, "the exchange refuses: symbol"),
        ({"do": "place", "symbol": SYMBOL}, "an order has an amount"),
        ({"do": "place", "symbol": SYMBOL, "amount": "much"}, "amount='much' is invalid"),
        ({"do": "fill", "exchange": None}, "the exchange 'None' is unknown"),
        ({"do": "fill", "exchange": "kraken"}, "the exchange 'kraken' is unknown"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    simulator: Simulator, name: str, body: dict[str, Any], sentence: str
) -> None:
    assert sentence in await touch(simulator, 400, **{"exchange": name, **body})


async def test_what_is_unknown_is_refused(simulator: Simulator, name: str) -> None:
    placed = await touch(simulator, exchange=name, do="place", symbol=SYMBOL, amount=0.02, price=10_000)
    reported = await touch(simulator, 400, exchange=name, do="burn", client_id=placed["client_id"])
    assert "do='burn' is unknown" in reported
