"""A service with many bots that trade in thought only: what it sends has the demo's shape, and nothing else happens.

    python -m bench.scale.service NUMBER BOTS EXCHANGES ORDERS_PER_SECOND TURN_SECONDS

Bots, turns, decisions and orders are reported through `botobs.trading`; spans of calls, and every metric that the
instrumentations of HTTP, databases and exchanges know, are recorded with as many series as the demo has.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.trace import SpanKind

import botobs
import botobs.trading
from botobs.semconv import Metric, database, exchange, http

#: ccxt's ids; a platform with more exchanges has others, at the same cost.
EXCHANGES = ("binance", "okx", "bybit", "kraken", "kucoin", "gate", "bitget", "mexc")
#: Values of the attributes that tell series apart; an attribute that is not here has one value.
VALUES: Mapping[str, Sequence[Any]] = {
    exchange.OPERATION: (
        "create_order",
        "cancel_order",
        "fetch_order",
        "fetch_balance",
        "fetch_ticker",
        "load_markets",
    ),
    exchange.CHANNEL: ("orderbook", "trades", "ticker", "orders"),
    "db.query.summary": (
        "SELECT orders",
        "SELECT positions",
        "INSERT orders",
        "UPDATE orders",
        "UPDATE positions",
    ),
    "db.client.connection.state": ("idle", "used"),
    "http.route": ("/turns", "/orders", "/bots", "/healthz"),
}
#: Without errors there are no series of errors, and no series by symbol unless somebody asks for them.
ABSENT = {"error.type", exchange.ERROR_CATEGORY, exchange.SYMBOL}


class Calls:
    """Every metric of a set of conventions, recorded over all its series.

    Args:
        meter: Where the instruments are made.
        conventions: The metrics.
        common: Attributes of all series that carry them, with their values.
    """

    def __init__(
        self, meter: Meter, conventions: Sequence[Metric], common: Sequence[Mapping[str, str]]
    ) -> None:
        self._recorded: list[tuple[Any, list[dict[str, Any]]]] = []
        for metric in conventions:
            if "errors" in metric.name or "rejections" in metric.name:
                continue
            series = [one for given in common for one in _series(metric, given)]
            if metric.kind.startswith("observable"):
                metric.create(meter, [partial(_ones, series)])
            else:
                self._recorded.append((metric.create(meter), series))

    def record(self) -> None:
        """Record each series once."""
        for instrument, series in self._recorded:
            act = getattr(instrument, "record", None) or getattr(instrument, "add", None) or instrument.set
            for attributes in series:
                act(random.expovariate(20), attributes)


def _ones(series: Sequence[Mapping[str, Any]], _: CallbackOptions) -> Iterator[Observation]:
    return (Observation(1, one) for one in series)


def _series(metric: Metric, common: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    names = [name for name in metric.attributes if name not in ABSENT]
    choices = [[common[name]] if name in common else VALUES.get(name, ("one",)) for name in names]
    for values in itertools.product(*choices):
        yield dict(zip(names, values, strict=True))


class Platform:
    """The bots of this process, and what they do."""

    def __init__(self, number: int, bots: int, exchanges: int) -> None:
        self._number = number
        self._exchanges = EXCHANGES[:exchanges]
        self._tracer = trace.get_tracer("bench.scale")
        self._orders = itertools.count()
        self.bots = [
            botobs.trading.bot(
                f"bot-{number:03}-{place:03}",
                exchange=self._exchanges[place % exchanges],
                strategy="synthetic",
            )
            for place in range(bots)
        ]
        meter = metrics.get_meter("bench.scale")
        by_exchange = [{exchange.NAME: name, exchange.CLIENT: "ccxt.pro"} for name in self._exchanges]
        self.calls = [
            Calls(meter, exchange.METRICS, by_exchange),
            Calls(meter, (*database.METRICS, *http.METRICS), [{}]),
        ]

    def turn(self, place: int, with_order: bool) -> None:
        """One turn of a bot, as the demo's two services would tell of it."""
        bot = self.bots[place % len(self.bots)]
        venue = self._exchanges[place % len(self._exchanges)]
        with bot.turn(), self._call("POST", SpanKind.CLIENT), self._call("POST /turns", SpanKind.SERVER):
            with botobs.trading.decision(bot) as decision:
                self._statement("SELECT orders")
                self._statement("SELECT positions")
                if not with_order:
                    return
                order = decision.order(
                    f"s{self._number}x{next(self._orders)}x{random.getrandbits(48):x}",
                    exchange=venue,
                    symbol="BTC/USDT",
                    side="buy",
                    type="limit",
                )
                self._statement("INSERT orders")
                with order.submission(), self._call(f"create_order {venue}", SpanKind.CLIENT):
                    order.acknowledged(random.getrandbits(40))
                self._statement("UPDATE orders")
            with order.update():
                order.filled(1, 100, complete=True)
                self._statement("UPDATE positions")

    def _call(self, name: str, kind: SpanKind) -> Any:
        attributes: dict[str, Any] = {
            "server.address": "exchange.example",
            "server.port": 443,
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "http.route": "/turns",
            "url.scheme": "https",
            "network.protocol.version": "1.1",
            "call.id": random.getrandbits(40),
        }
        return self._tracer.start_as_current_span(name, kind=kind, attributes=attributes)

    def _statement(self, name: str) -> None:
        operation, table = name.split()
        attributes: dict[str, Any] = {
            "db.system.name": "postgresql",
            "db.namespace": "trading",
            "db.operation.name": operation,
            "db.collection.name": table,
            "db.query.text": f"{operation} id, bot_id, symbol, side, amount, price FROM {table} WHERE bot_id = $1",
            "server.address": "127.0.0.1",
            "server.port": 5432,
        }
        with self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes):
            pass


async def main(number: int, bots: int, exchanges: int, orders: float, turn_seconds: float) -> None:
    """Trade until somebody ends the process; say so when it begins."""
    botobs.init(f"scale-{number:03}")
    platform = Platform(number, bots, exchanges)
    for bot in platform.bots:
        bot.state("starting")
    print("trading", flush=True)
    turns = max(bots / turn_seconds, orders)
    share = orders / turns
    loop = asyncio.get_running_loop()
    begun = loop.time()
    owed = 0.0
    for place in itertools.count():
        owed += share
        platform.turn(place, owed >= 1)
        owed -= owed >= 1
        if place % max(1, int(turns)) == 0:
            for calls in platform.calls:
                calls.record()
        await asyncio.sleep(max(0.0, begun + (place + 1) / turns - loop.time()))


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(main(int(given[0]), int(given[1]), int(given[2]), float(given[3]), float(given[4])))
