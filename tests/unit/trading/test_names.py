"""What is reported is what `botobs.semconv.trading` says, and of orders of unknown outcome `botobs.semconv.orders`."""

from __future__ import annotations

from contextlib import suppress

from botobs import trading
from botobs.semconv import orders
from botobs.semconv import trading as names
from botobs.testing import Capture


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
    with bot.turn():
        bot.stop()
    trading.bot("b2", exchange="kraken", strategy="grid")
    feed = trading.feed("kraken", channel="trades")
    feed.received(timestamp=1, sequence=1)
    trading.feed("kraken", channel="orderbook").close()


def test_every_metric_is_reported_with_the_attributes_that_it_may_have(captured: Capture) -> None:
    live_through_everything()
    reported = {
        name: {key for point in points for key in point.attributes}
        for name, points in captured.metrics.items()
        if name not in {metric.name for metric in orders.METRICS}
    }
    declared = {metric.name: set(metric.attributes) for metric in names.METRICS}
    assert reported == declared


def test_every_attribute_of_a_span_is_declared(captured: Capture) -> None:
    live_through_everything()
    reported = {key for span in captured.spans for key in span.attributes}
    reported |= {key for span in captured.spans for event in span.events for key in event.attributes}
    assert {key for key in reported if not key.startswith("exception.")} == {
        *names.SPAN_ATTRIBUTES,
        *orders.SPAN_ATTRIBUTES,
    }
