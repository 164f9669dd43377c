"""One simulated exchange, independent of an API: its clock, markets, orders, faults and counters."""

from __future__ import annotations

import random
import time
import zlib
from dataclasses import dataclass

from .account import Account
from .counts import Counts
from .faults import Fault, Faults
from .instruments import instrument
from .market import Book, Market
from .matching import MatchingEngine
from .orders import Order, Request
from .rejection import Reason, Rejection
from .sessions import Connections


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an exchange behaves without faults.

    Attributes:
        symbols: What can be traded, as ccxt's unified symbols.
        seed: Seed of the random numbers: the same seed gives the same prices and rejections.
        reject_share: Share of the orders that are rejected with "insufficient balance".
        step: Seconds between two changes of a market.
    """

    symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")
    seed: int = 7
    reject_share: float = 0.01
    step: float = 0.1


class Exchange:
    """What both exchanges' APIs have in common.

    Attributes:
        name: Its ccxt id.
        markets: Markets by symbol.
        connections: Open WebSocket connections.
    """

    def __init__(self, name: str, behaviour: Behaviour) -> None:
        self.name = name
        self._behaviour = behaviour
        self.counts = Counts()
        self.faults = Faults(self._random("faults"))
        self.connections = Connections(self.faults, self.counts)
        self._rng = self._random("orders")
        now = self.milliseconds()
        instruments = [instrument(symbol) for symbol in behaviour.symbols]
        self.markets = {each.symbol: Market(each, self._random(each.symbol), now) for each in instruments}
        self.account = Account(instruments)
        # Ids grow over restarts, so that a new order never gets the id of an old one.
        self.orders = MatchingEngine(self.account, self.counts, self._rng, first_id=now)

    def milliseconds(self) -> int:
        """The exchange's clock, in milliseconds since the epoch."""
        skew = self.faults.setting(Fault.CLOCK_SKEW)
        return round((time.time() + (skew.value if skew else 0.0)) * 1000)

    def market(self, symbol: str) -> Market:
        """The market of a symbol.

        Raises:
            Rejection: There is no such market.
        """
        try:
            return self.markets[symbol]
        except KeyError:
            raise Rejection(Reason.SYMBOL) from None

    def book(self, market: Market) -> Book:
        """A market's order book, crossed while that fault is on."""
        return market.book(crossed=self.faults.active(Fault.CROSSED_BOOK))

    def place(self, request: Request) -> Order:
        """Accept an order.

        Raises:
            Rejection: The order is rejected.
        """
        rejected = self._rng.random() < self._behaviour.reject_share
        if self.faults.strikes(Fault.REJECT_ORDERS) or rejected:
            raise Rejection(Reason.BALANCE)
        if self.faults.strikes(Fault.MARKETS_SUSPENDED):
            raise Rejection(Reason.SUSPENDED)
        market = self.market(request.instrument.symbol)
        return self.orders.place(request, market, self.milliseconds(), time.monotonic())

    def cancel(self, order: Order) -> None:
        """Cancel an order.

        Raises:
            Rejection: It is already filled or cancelled.
        """
        self.orders.cancel(order, self.milliseconds())

    def fill(self, order: Order) -> None:
        """Fill what remains of an order.

        Raises:
            Rejection: It is already filled or cancelled.
        """
        self.orders.fill(order, self.market(order.request.instrument.symbol), self.milliseconds())

    def step(self, market: Market) -> None:
        """Advance a market by one step, and fill the orders that are due."""
        now = self.milliseconds()
        market.step(now)
        self.orders.step(market, now, time.monotonic())

    def _random(self, purpose: str) -> random.Random:
        return random.Random(zlib.crc32(f"{self._behaviour.seed}:{self.name}:{purpose}".encode()))
