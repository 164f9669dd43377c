"""One simulated exchange, without any dialect: its clock, markets, orders, faults and counts."""

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
from .orders import Order, OrderDesk, Request
from .refusal import Reason, Refusal
from .sessions import Hub


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an exchange behaves when nothing is wrong.

    Attributes:
        symbols: What can be traded, in ccxt's spelling.
        seed: Makes markets and fates of orders the same in every run.
        reject_share: Part of the orders that are rejected for want of balance.
        step: Seconds between two changes of a market.
    """

    symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")
    seed: int = 7
    reject_share: float = 0.01
    step: float = 0.1


class Exchange:
    """What all dialects have in common.

    Attributes:
        name: ccxt's id of it.
        markets: By symbol.
        hub: Its WebSocket connections.
    """

    def __init__(self, name: str, behaviour: Behaviour) -> None:
        self.name = name
        self._behaviour = behaviour
        self.counts = Counts()
        self.faults = Faults(self._random("faults"))
        self.hub = Hub(self.faults, self.counts)
        self._rng = self._random("orders")
        now = self.milliseconds()
        instruments = [instrument(symbol) for symbol in behaviour.symbols]
        self.markets = {each.symbol: Market(each, self._random(each.symbol), now) for each in instruments}
        self.account = Account(instruments)
        # Ids grow over restarts, so that a client's old order is not taken for a new one.
        self.orders = OrderDesk(self.account, self.counts, self._rng, first_id=now)

    def milliseconds(self) -> int:
        """The exchange's clock, in milliseconds since the epoch."""
        skew = self.faults.setting(Fault.CLOCK_SKEW)
        return round((time.time() + (skew.value if skew else 0.0)) * 1000)

    def market(self, symbol: str) -> Market:
        """The market of a symbol.

        Raises:
            Refusal: It is not traded here.
        """
        try:
            return self.markets[symbol]
        except KeyError:
            raise Refusal(Reason.SYMBOL) from None

    def book(self, market: Market) -> Book:
        """A market's book as a request sees it."""
        return market.book(crossed=self.faults.active(Fault.CROSSED_BOOK))

    def place(self, request: Request) -> Order:
        """Take an order.

        Raises:
            Refusal: It is rejected.
        """
        rejected = self._rng.random() < self._behaviour.reject_share
        if self.faults.strikes(Fault.REJECT_ORDERS) or rejected:
            raise Refusal(Reason.BALANCE)
        market = self.market(request.instrument.symbol)
        return self.orders.place(request, market, self.milliseconds(), time.monotonic())

    def cancel(self, order: Order) -> None:
        """Cancel an order.

        Raises:
            Refusal: It is filled or cancelled already.
        """
        self.orders.cancel(order, self.milliseconds())

    def step(self, market: Market) -> None:
        """Move a market on by one step, and fill the orders whose time has come."""
        now = self.milliseconds()
        market.step(now)
        self.orders.step(market, now, time.monotonic())

    def _random(self, purpose: str) -> random.Random:
        return random.Random(zlib.crc32(f"{self._behaviour.seed}:{self.name}:{purpose}".encode()))
