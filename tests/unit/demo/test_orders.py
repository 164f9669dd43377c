from __future__ import annotations

import random
from decimal import Decimal
from typing import Literal

import pytest

from botobs._demo.exchange_simulator.account import Account
from botobs._demo.exchange_simulator.counts import Counts
from botobs._demo.exchange_simulator.instruments import instrument
from botobs._demo.exchange_simulator.market import Market
from botobs._demo.exchange_simulator.matching import MatchingEngine
from botobs._demo.exchange_simulator.orders import Order, Request, Status
from botobs._demo.exchange_simulator.rejection import Reason, Rejection

BTC = instrument("BTC/USDT")
NOW = 1_700_000_000_000
ZERO = Decimal(0)


class Scene:
    """A matching engine with one market that stands still."""

    def __init__(self, seed: int = 1) -> None:
        self.counts = Counts()
        self.account = Account([BTC])
        self.market = Market(BTC, random.Random(seed), NOW)
        self.engine = MatchingEngine(self.account, self.counts, random.Random(seed), first_id=100)
        self.seen: list[Status] = []
        self.engine.on_change = lambda order: self.seen.append(order.status)

    def place(
        self,
        amount: str = "0.01",
        price: Decimal | None = None,
        side: Literal["buy", "sell"] = "buy",
        client_id: str = "mine",
    ) -> Order:
        kind: Literal["market", "limit"] = "market" if price is None else "limit"
        request = Request(client_id, BTC, side, kind, Decimal(amount), price)
        return self.engine.place(request, self.market, NOW, now=0.0)

    def wait(self) -> None:
        """Let more time pass than anybody waits, twice: the second part of an order waits again."""
        for now in (1e6, 2e6):
            self.engine.step(self.market, NOW, now)

    def has(self, currency: str) -> tuple[Decimal, Decimal]:
        balance = dict(self.account.balances())[currency]
        return balance.free, balance.locked


def test_a_market_order_is_filled_at_once_at_the_best_price() -> None:
    scene = Scene()
    btc, usdt = scene.has("BTC")[0], scene.has("USDT")[0]
    order = scene.place()
    best = scene.market.best_ask
    assert (order.status, order.filled, order.average) == (Status.FILLED, Decimal("0.01"), best)
    assert scene.has("BTC") == (btc + Decimal("0.01"), ZERO)
    assert scene.has("USDT") == (usdt - Decimal("0.01") * best, ZERO)
    assert scene.seen == [Status.OPEN, Status.FILLED]
    assert (scene.counts.orders_accepted, scene.counts.fills) == (1, 1)


def test_a_limit_order_that_crosses_the_book_is_filled_at_once() -> None:
    scene = Scene()
    assert scene.place(price=scene.market.best_ask).status is Status.FILLED


def test_a_limit_order_waits_and_locks_what_it_needs() -> None:
    scene = Scene()
    usdt = scene.has("USDT")[0]
    order = scene.place(price=Decimal(50_000))
    assert order.status is Status.OPEN
    assert scene.has("USDT") == (usdt - 500, Decimal(500))
    scene.engine.step(scene.market, NOW, now=0.0)
    assert order.status is Status.OPEN


def test_a_limit_order_is_filled_after_a_while_at_its_price() -> None:
    scene = Scene()
    order = scene.place(price=Decimal(50_000))
    scene.wait()
    assert (order.status, order.average, order.updated) == (Status.FILLED, Decimal(50_000), NOW)
    assert scene.has("USDT")[1] == 0
    assert scene.engine.all(open_only=True) == []


def test_a_limit_order_is_filled_when_the_price_crosses_it() -> None:
    scene = Scene()
    price = scene.market.best_bid
    order = scene.place(price=price)
    for _ in range(1_000):
        scene.market.step(NOW)
        scene.engine.step(scene.market, NOW, now=0.0)
        if scene.market.best_ask > price:
            assert order.status is Status.OPEN
        else:
            break
    assert order.filled > 0


def test_some_orders_are_filled_in_parts() -> None:
    scene = Scene()
    orders = [scene.place(price=Decimal(50_000), client_id=f"{n}") for n in range(40)]
    scene.wait()
    assert {len(order.fills) for order in orders} == {1, 2}
    assert all(order.filled == sum(fill.amount for fill in order.fills) for order in orders)
    assert Status.PARTLY_FILLED in scene.seen


def test_a_cancelled_order_gives_back_what_it_locked() -> None:
    scene = Scene()
    before = scene.has("BTC")
    order = scene.place(price=Decimal(70_000), side="sell")
    assert scene.has("BTC") == (before[0] - Decimal("0.01"), Decimal("0.01"))
    scene.engine.cancel(order, NOW + 5)
    assert (order.status, order.updated, scene.counts.cancels) == (Status.CANCELLED, NOW + 5, 1)
    assert scene.has("BTC") == before
    with pytest.raises(Rejection) as rejection:
        scene.engine.cancel(order, NOW)
    assert rejection.value.reason is Reason.UNKNOWN_ORDER


@pytest.mark.parametrize("price", [None, Decimal(59_000)])
def test_an_order_beyond_the_balance_is_refused(price: Decimal | None) -> None:
    scene = Scene()
    before = scene.has("USDT")
    with pytest.raises(Rejection) as rejection:
        scene.place(amount="1000", price=price)
    assert rejection.value.reason is Reason.BALANCE
    assert scene.has("USDT") == before
    assert scene.counts.orders_accepted == 0


def test_a_client_id_is_used_once() -> None:
    scene = Scene()
    scene.place()
    with pytest.raises(Rejection) as rejection:
        scene.place()
    assert rejection.value.reason is Reason.PARAMETER


def test_orders_are_found_by_either_id() -> None:
    scene = Scene()
    order = scene.place()
    assert scene.engine.find("100", None) is order
    assert scene.engine.find(None, "mine") is order
    for ids in (("101", None), ("no number", None), (None, "other"), (None, None)):
        with pytest.raises(Rejection):
            scene.engine.find(*ids)
