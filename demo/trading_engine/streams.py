"""Follows books, trades and our own orders over WebSocket, for as long as the engine runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import ccxt

from .exchanges import Exchanges
from .market import Market
from .store import DATABASE_ERRORS, OrderStore, Report

logger = logging.getLogger(__name__)

#: Seconds before a stream that broke is watched again, and the longest that this grows to.
FIRST_RETRY = 0.5
LAST_RETRY = 10.0

#: ccxt's words for an order that is over without being filled.
_ENDED = {"expired": "canceled", "canceling": "open"}


class Streams:
    """Watches every symbol on every exchange."""

    def __init__(
        self, exchanges: Exchanges, symbols: Sequence[str], market: Market, store: OrderStore
    ) -> None:
        self._exchanges = exchanges
        self._symbols = symbols
        self._market = market
        self._store = store

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._exchanges.stream:
                tasks.create_task(self._watch_exchange(name))

    async def _watch_exchange(self, name: str) -> None:
        await keep_trying(f"{name} markets", partial(self._exchanges.load_markets, name), once=True)
        client = self._exchanges.stream[name]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_trying(f"{name} orders", partial(self._orders, client)))
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

    async def _orders(self, client: Any) -> None:
        for order in await client.watch_orders():
            if (report := to_report(order)) is not None:
                await self._store.apply(report)


def to_report(order: dict[str, Any]) -> Report | None:
    """The part of a ccxt order that the store keeps; None when it is not one of ours."""
    price = order.get("average") or order.get("price")
    if not order.get("clientOrderId"):
        return None
    status = order.get("status") or "open"
    return Report(
        client_order_id=order["clientOrderId"],
        exchange_order_id=str(order["id"]),
        filled=Decimal(str(order.get("filled") or 0)),
        price=Decimal(str(price or 0)),
        status=_ENDED.get(status, status),
    )


async def keep_trying(what: str, step: Callable[[], Awaitable[None]], once: bool = False) -> None:
    """Repeat `step` for ever, or until it succeeds `once`, waiting longer after each error in a row."""
    delay = FIRST_RETRY
    while True:
        try:
            await step()
        except (ccxt.BaseError, *DATABASE_ERRORS) as error:
            logger.warning("%s: %s, trying again in %.1f s", what, type(error).__name__, delay)
            await asyncio.sleep(delay)
            delay = min(LAST_RETRY, delay * 2)
        else:
            if once:
                return
            delay = FIRST_RETRY
