"""A market: a price that moves as a random walk, an order book around it, trades and candles.

The same seed gives the same market.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from .candles import Candles
from .instruments import Instrument

#: Levels on each side of the book.
DEPTH = 25

#: Standard deviation of a step of the price's logarithm, and the share of the distance to the start price that is kept.
_VOLATILITY = 4e-5
_MEMORY = 0.9999

#: Share of the levels whose size changes in a step, and probability of a trade in one.
_CHANGING = 0.05
_TRADING = 0.3

#: Levels by which the bids of a crossed book are too high.
_CROSSING = 3

#: Trades that are kept.
_TRADES = 500

Levels = dict[int, float]


@dataclass(frozen=True, slots=True)
class Book:
    """An order book: sizes by level, and the sequence number of its last update."""

    sequence: int
    bids: Levels
    asks: Levels


@dataclass(frozen=True, slots=True)
class BookChange:
    """The difference of two published order books: new sizes by level, zero for a removed level.

    Attributes:
        previous: Sequence number before it.
        sequence: Sequence number after it.
    """

    previous: int
    sequence: int
    bids: Levels
    asks: Levels


@dataclass(frozen=True, slots=True)
class Trade:
    """A public trade; `side` is the taker's."""

    id: int
    timestamp: int
    side: str
    price: Decimal
    amount: Decimal


class Market:
    """One instrument on one exchange."""

    def __init__(self, instrument: Instrument, rng: random.Random, timestamp: int) -> None:
        self.instrument = instrument
        self.price = instrument.price
        self.trades: deque[Trade] = deque(maxlen=_TRADES)
        self._new_trades: list[Trade] = []
        self.candles = Candles(instrument.price, rng, timestamp)
        self._rng = rng
        self._drift = 0.0
        self._sequence = rng.randrange(10**9, 10**10)
        self._trade_id = rng.randrange(10**8, 10**9)
        self._bids: Levels = {}
        self._asks: Levels = {}
        self._fill_book()
        self._published = self.book()

    @property
    def best_bid(self) -> Decimal:
        """The highest bid."""
        return self.instrument.price_at(max(self._bids))

    @property
    def best_ask(self) -> Decimal:
        """The lowest ask."""
        return self.instrument.price_at(min(self._asks))

    @property
    def published(self) -> Book:
        """The order book as it was last published to the streams."""
        return self._published

    def book(self, crossed: bool = False) -> Book:
        """The order book now; `crossed` puts bids above asks, as a broken exchange would."""
        shift = _CROSSING if crossed else 0
        bids = {level + shift: size for level, size in self._bids.items()}
        return Book(self._sequence, bids, dict(self._asks))

    def step(self, timestamp: int) -> None:
        """Advance the market by one step, in which a trade may happen; `timestamp` is in milliseconds."""
        self._drift = _MEMORY * self._drift + _VOLATILITY * self._rng.gauss(0, 1)
        self.price = self.instrument.price * math.exp(self._drift)
        self._sequence += self._rng.randint(1, 20)
        self._fill_book()
        if self._rng.random() < _TRADING:
            side = self._rng.choice(("buy", "sell"))
            lots = 1 + int(self._rng.expovariate(1e-3))
            price = self.best_ask if side == "buy" else self.best_bid
            self.trade(timestamp, side, price, lots * self.instrument.lot)

    def trade(self, timestamp: int, side: str, price: Decimal, amount: Decimal) -> Trade:
        """Record a trade; returns it."""
        self._trade_id += 1
        trade = Trade(self._trade_id, timestamp, side, price, amount)
        self.trades.append(trade)
        self._new_trades.append(trade)
        self.candles.add(timestamp, float(price), float(amount))
        return trade

    def drain_new_trades(self) -> list[Trade]:
        """The trades since the last call."""
        trades, self._new_trades = self._new_trades, []
        return trades

    def publish(self, crossed: bool = False) -> BookChange:
        """Publish the current order book; returns what has changed since the last time."""
        before, now = self._published, self.book(crossed)
        self._published = now
        return BookChange(
            before.sequence, now.sequence, _changes(before.bids, now.bids), _changes(before.asks, now.asks)
        )

    def _fill_book(self) -> None:
        best = math.floor(self.price / float(self.instrument.tick))
        self._bids = {level: self._size(self._bids, level) for level in range(best, best - DEPTH, -1)}
        self._asks = {level: self._size(self._asks, level) for level in range(best + 1, best + 1 + DEPTH)}

    def _size(self, side: Levels, level: int) -> float:
        if level in side and self._rng.random() >= _CHANGING:
            return side[level]
        return round(0.01 + self._rng.expovariate(1.0), 5)


def _changes(before: Levels, now: Levels) -> Levels:
    gone = {level: 0.0 for level in before if level not in now}
    return gone | {level: size for level, size in now.items() if before.get(level) != size}
