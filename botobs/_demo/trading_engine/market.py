"""What the watched books and trades say about each market right now."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Seconds over which the mean price forgets.
MEAN_TIME_CONSTANT = 20.0

#: A book that has not changed for this many seconds is not traded on.
STALE_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Quote:
    """The best prices of a market and the mean of its recent trades."""

    bid: float
    ask: float
    mean: float

    @property
    def mid(self) -> float:
        """The price between bid and ask."""
        return (self.bid + self.ask) / 2


@dataclass(slots=True)
class _Top:
    bid: float
    ask: float
    received: float


@dataclass(slots=True)
class _Mean:
    price: float
    updated: float


class Market:
    """The latest prices of every watched market, by exchange and symbol."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tops: dict[tuple[str, str], _Top] = {}
        self._means: dict[tuple[str, str], _Mean] = {}

    def update_book(self, exchange: str, symbol: str, bid: float, ask: float) -> None:
        """Take the best prices of a book that was received now."""
        self._tops[exchange, symbol] = _Top(bid, ask, self._clock())

    def update_trade(self, exchange: str, symbol: str, price: float) -> None:
        """Let a trade that was received now move the mean: the more, the longer the last one is ago."""
        now = self._clock()
        mean = self._means.setdefault((exchange, symbol), _Mean(price, now))
        weight = 1 - math.exp((mean.updated - now) / MEAN_TIME_CONSTANT)
        mean.price += weight * (price - mean.price)
        mean.updated = now

    def quote(self, exchange: str, symbol: str) -> Quote | None:
        """The current quote, or None when there is no fresh book or no trade yet."""
        top = self._tops.get((exchange, symbol))
        mean = self._means.get((exchange, symbol))
        if top is None or mean is None or self._clock() - top.received > STALE_AFTER:
            return None
        return Quote(top.bid, top.ask, mean.price)
