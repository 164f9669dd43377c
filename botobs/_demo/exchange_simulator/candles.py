"""Candles of a market: an invented history, and the trades since the start."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

MINUTE = 60_000
DAY = 1_440 * MINUTE

#: Minutes of history that a market starts with and keeps.
HISTORY = 5_000

#: Standard deviation of the price's logarithm over one minute.
_VOLATILITY = 8e-4


@dataclass(slots=True)
class Candle:
    """Prices and volume of a span of time that starts at `timestamp` (milliseconds)."""

    timestamp: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def merge(self, other: Candle) -> None:
        """Extend this candle by a later one."""
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume


class Candles:
    """One-minute candles, joined to longer ones on demand."""

    def __init__(self, price: float, rng: random.Random, timestamp: int) -> None:
        self._minutes: deque[Candle] = deque(maxlen=HISTORY)
        self._invent_past(price, rng, timestamp - timestamp % MINUTE)

    def add(self, timestamp: int, price: float, amount: float) -> None:
        """Add a trade."""
        last = self._minutes[-1]
        start = timestamp - timestamp % MINUTE
        if start <= last.timestamp:
            last.merge(Candle(last.timestamp, price, price, price, price, amount))
            return
        for empty in range(last.timestamp + MINUTE, start, MINUTE):
            self._minutes.append(Candle(empty, last.close, last.close, last.close, last.close, 0.0))
        self._minutes.append(Candle(start, price, price, price, price, amount))

    def spans(self, milliseconds: int, since: int = 0, until: int | None = None) -> list[Candle]:
        """Candles of `milliseconds` each, oldest first, that start from `since` on and before `until`."""
        joined = _join(self._minutes, milliseconds)
        return [c for c in joined if c.timestamp >= since and (until is None or c.timestamp < until)]

    def day(self) -> Candle:
        """One candle of the last 24 hours."""
        first, *rest = list(self._minutes)[-DAY // MINUTE :]
        day = Candle(first.timestamp, first.open, first.high, first.low, first.close, first.volume)
        for minute in rest:
            day.merge(minute)
        return day

    def _invent_past(self, price: float, rng: random.Random, end: int) -> None:
        opened = close = price
        for minute in range(HISTORY):
            opened = close * math.exp(-_VOLATILITY * rng.gauss(0, 1))
            high = max(opened, close) * (1 + _VOLATILITY * rng.random())
            low = min(opened, close) * (1 - _VOLATILITY * rng.random())
            timestamp = end - minute * MINUTE
            self._minutes.appendleft(Candle(timestamp, opened, high, low, close, 5 * rng.random()))
            close = opened


def _join(minutes: Iterable[Candle], milliseconds: int) -> list[Candle]:
    joined: list[Candle] = []
    for minute in minutes:
        start = minute.timestamp - minute.timestamp % milliseconds
        if joined and joined[-1].timestamp == start:
            joined[-1].merge(minute)
        else:
            joined.append(Candle(start, minute.open, minute.high, minute.low, minute.close, minute.volume))
    return joined


def span(text: str) -> int:
    """Milliseconds of a candle's length as exchanges write it: `1m`, `4h`, `1H`, `1Dutc`.

    Raises:
        ValueError: The text is not such a length.
    """
    units = {"m": MINUTE, "h": 60 * MINUTE, "H": 60 * MINUTE, "d": DAY, "D": DAY}
    number, unit = text.removesuffix("utc")[:-1], text.removesuffix("utc")[-1:]
    if unit not in units or not number.isdecimal() or int(number) == 0:
        raise ValueError(f"{text!r} is not the length of a candle")
    return int(number) * units[unit]
