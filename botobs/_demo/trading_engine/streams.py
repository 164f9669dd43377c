"""Watches books, trades and own orders over WebSocket, for as long as the engine runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import ccxt

from .exchanges import Exchanges
from .market import Market
from .reports import Reports
from .store import DATABASE_ERRORS

logger = logging.getLogger(__name__)

#: Seconds before a stream that broke is watched again, and the longest that this grows to.
FIRST_RETRY = 0.5
LAST_RETRY = 10.0

#: What ends a stream; ccxt 4.5.90 turns a login that Binance refuses into a KeyError.
_STREAM_ERRORS = (ccxt.BaseError, KeyError)


class Streams:
    """Watches every symbol on every exchange."""

    def __init__(
        self, exchanges: Exchanges, symbols: Sequence[str], market: Market, reports: Reports
    ) -> None:
        self._exchanges = exchanges
        self._symbols = symbols
        self._market = market
        self._reports = reports

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._exchanges.stream:
                tasks.create_task(self._watch_exchange(name))

    async def _watch_exchange(self, name: str) -> None:
        await keep_trying(f"{name} markets", partial(self._exchanges.load_markets, name), once=True)
        client = self._exchanges.stream[name]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_trying(f"{name} orders", partial(self._orders, name, client)))
            for symbol in self._symbols:
                tasks.create_task(keep_trying(f"{name} book", partial(self._book, name, client, symbol)))
                tasks.create_task(keep_trying(f"{name} trades", partial(self._trades, name, client, symbol)))

    async def _book(self, name: str, client: Any, symbol: str) -> None:
        book = await client.watch_order_book(symbol)
        if book["bids"] and book["asks"]:
            self._market.update_book(name, symbol, book["bids"][0][0], book["asks"][0][0])

    async def _trades(self, name: str, client: Any, symbol: str) -> None:
        for trade in await client.watch_trades(symbol):
            self._market.update_trade(name, symbol, trade["price"])

    async def _orders(self, name: str, client: Any) -> None:
        for order in await client.watch_orders():
            await self._reports.take(name, order)


async def keep_trying(what: str, step: Callable[[], Awaitable[None]], once: bool = False) -> None:
    """Repeat `step` for ever, or until it succeeds `once`, waiting longer after each error in a row."""
    delay = FIRST_RETRY
    while True:
        try:
            await step()
        except (*_STREAM_ERRORS, *DATABASE_ERRORS) as error:
            logger.warning("%s: %s, trying again in %.1f s", what, type(error).__name__, delay)
            await asyncio.sleep(delay)
            delay = min(LAST_RETRY, delay * 2)
        else:
            if once:
                return
            delay = FIRST_RETRY
