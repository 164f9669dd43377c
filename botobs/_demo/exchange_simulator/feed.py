"""Advances an exchange step by step, and publishes what happens to its streams."""

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
    """Encodes events as an exchange's messages and sends them to the subscribers."""

    def book(self, market: Market, change: BookChange) -> None:
        """Send an update of an order book."""

    def trade(self, market: Market, trade: Trade) -> None:
        """Send a public trade."""

    def summary(self, market: Market) -> None:
        """Send tickers and candles."""

    def order(self, order: Order) -> None:
        """Send an update of a client's order: accepted, filled or cancelled."""


class Feed:
    """Advances one exchange and publishes to its streams.

    Args:
        exchange: The exchange.
        streams: Where events are sent.
        seconds: Length of a step.
    """

    def __init__(self, exchange: Exchange, streams: Streams, seconds: float) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._streams = streams
        exchange.orders.on_change = self._order

    async def run(self) -> None:
        """Step until cancelled; steps that are late are skipped."""
        steps = 0
        while True:
            started = time.monotonic()
            steps += 1
            self.step(summary=steps % SUMMARY_STEPS == 0)
            await asyncio.sleep(max(0.0, self._seconds - (time.monotonic() - started)))

    def step(self, summary: bool = False) -> None:
        """Advance by one step; `summary` sends tickers and candles too."""
        gap_once = self._gap_once()
        for market in self._exchange.markets.values():
            self._exchange.step(market)
            trades = market.drain_new_trades()
            if self._exchange.connections.muted():
                # Changes of the book accumulate, so that no update is missing afterwards.
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
        silent = self._exchange.faults.active(Fault.ORDER_SILENCE)
        if not silent and not self._exchange.connections.muted():
            self._streams.order(order)
