"""What is reported is what `botobs.semconv.trading` says, and of orders of unknown outcome `botobs.semconv.orders`."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from botobs import trading
from botobs.semconv import orders
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.waiting import eventually


def live_through_everything() -> None:
    bot = trading.bot("b1", exchange="kraken", strategy="grid")
    with suppress(ValueError), bot.turn():
        raise ValueError
    bot.failed("x")
    bot.state("starting")
    with bot.turn(), trading.decision(bot) as decision:
        decision.refused("limit")
    with trading.decision(bot) as decision:
        order = decision.order("c1", exchange="kraken", symbol="BTC/EUR", side="buy", type="limit")
    with suppress(OSError), order.submission():
        raise OSError
    with trading.decision(bot) as decision:
        order = decision.order("c2", exchange="kraken", type="market")
    with order.submission():
        order.acknowledged("K-1")
    order.filled(1, 100, complete=True)
    order.canceled()
    for number in range(3):
        trading.order(f"r{number}", exchange="kraken").rejected()
    with bot.turn():
        bot.stop()
    trading.bot("b2", exchange="kraken", strategy="grid")
    feed = trading.feed("kraken", channel="trades")
    feed.received(timestamp=1, sequence=1)
    trading.feed("kraken", channel="orderbook").close()


class Account:
    """One that agrees with nothing that is reported."""

    exchange = "kraken"
    interval = 0.0

    def __init__(self) -> None:
        self.looks = 0

    def open_orders(self, symbols: Collection[str]) -> list[dict[str, Any]]:
        self.looks += 1
        # The first look takes what is there for what was there.
        return [{"id": "K-3", "symbol": "BTC/EUR", "side": "buy", "status": "open"}] if self.looks > 1 else []

    def trades(self, symbols: Collection[str], since: int) -> list[dict[str, Any]]:
        return []

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> dict[str, Any]:
        return {"id": order_id, "status": "closed", "filled": 1}

    def holdings(self, names: Collection[str]) -> dict[str, float]:
        return {"BTC": 1.0}


def disagree(captured: Capture) -> None:
    """An account is compared until all has been found."""
    with trading.decision("b3") as decision:
        decision.order("c3", exchange="kraken", symbol="BTC/EUR", side="buy").acknowledged("K-2")
    trading.position("kraken", symbol="BTC/EUR")
    running = trading.reconcile(Account(), every=0.1, grace=0.0)
    wanted = {"order orphaned", "order ghost", "position drift"}
    eventually(lambda: wanted <= {span.name for span in captured.spans})
    eventually(lambda: captured.value(names.ORDERS_GHOST.name, {names.BOT_ID: "b3"}) == 1)
    assert running.running


def test_every_metric_is_reported_with_the_attributes_that_it_may_have(captured: Capture) -> None:
    live_through_everything()
    disagree(captured)
    reported = {
        name: {key for point in points for key in point.attributes}
        for name, points in captured.metrics.items()
        if name not in {metric.name for metric in orders.METRICS}
    }
    declared = {metric.name: set(metric.attributes) for metric in names.METRICS}
    assert reported == declared


def test_every_attribute_of_a_span_is_declared(captured: Capture) -> None:
    live_through_everything()
    disagree(captured)
    reported = {key for span in captured.spans for key in span.attributes}
    reported |= {key for span in captured.spans for event in span.events for key in event.attributes}
    assert {key for key in reported if not key.startswith("exception.")} == {
        *names.SPAN_ATTRIBUTES,
        *orders.SPAN_ATTRIBUTES,
    }
