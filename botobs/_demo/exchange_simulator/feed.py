"""Makes an exchange's time pass, and tells its streams what happens."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from .exchange import Exchange
from .faults import Fault
from .market import BookChange, Market, Trade
from .orders import Order

#: Steps between two summaries.
SUMMARY_STEPS = 10


class Streams(Protocol):
    """What a dialect does with news: it puts them in its words and sends them to who listens."""

    def book(self, market: Market, change: BookChange) -> None:
        """A book has changed."""

    def trade(self, market: Market, trade: Trade) -> None:
        """Somebody has traded."""

    def summary(self, market: Market) -> None:
        """It is time for tickers and candles."""

    def order(self, order: Order) -> None:
        """A client's order was taken, filled or cancelled."""


class Feed:
    """Drives one exchange and feeds its streams."""

    def __init__(self, exchange: Exchange, streams: Streams, seconds: float) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._streams = streams
        exchange.orders.on_change = self._order

    async def run(self) -> None:
        """Step until cancelled; steps that a busy machine could not take in time are left out."""
        steps = 0
        while True:
            started = time.monotonic()
            steps += 1
            self.step(summary=steps % SUMMARY_STEPS == 0)
            await asyncio.sleep(max(0.0, self._seconds - (time.monotonic() - started)))

    def step(self, summary: bool = False) -> None:
        """Let one step of time pass."""
        gap_once = self._gap_once()
        for market in self._exchange.markets.values():
            self._exchange.step(market)
            trades = market.take_new_trades()
            if self._exchange.hub.quiet():
                # The book's changes add up, so that no update is missing afterwards.
                continue
            self._publish_book(market, gap_once)
            for trade in trades:
                self._streams.trade(market, trade)
            if summary:
                self._streams.summary(market)

    def _publish_book(self, market: Market, gap_once: bool) -> None:
        faults, counts = self._exchange.faults, self._exchange.counts
        change = market.publish(crossed=faults.active(Fault.CROSSED_BOOK))
        if gap_once or faults.strikes(Fault.SEQUENCE_GAP):
            counts.gaps += 1
            return
        counts.book_changes += 1
        self._streams.book(market, change)

    def _gap_once(self) -> bool:
        setting = self._exchange.faults.setting(Fault.SEQUENCE_GAP)
        if setting is None or setting.share is not None:
            return False
        self._exchange.faults.clear(Fault.SEQUENCE_GAP)
        return True

    def _order(self, order: Order) -> None:
        if not self._exchange.hub.quiet():
            self._streams.order(order)
