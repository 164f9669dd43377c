"""The orders that this process knows: those that its clients sent, and those that it reports on."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import Literal

#: Orders that have not ended, and orders that have, that one process remembers; beyond it the oldest are forgotten.
MOST_ORDERS = 5000
#: What may wait to be put in order; beyond it the oldest is forgotten.
_MOST_HEARD = 20_000
#: Accounts of one exchange that are distinguished.
_MOST_ACCOUNTS = 8

#: How far an order has got as far as this process knows; it never goes back.
Stage = Literal["sent", "open", "ended"]
_RANK: dict[Stage, int] = {"sent": 0, "open": 1, "ended": 2}

#: What is noted of an order, or how one is over, with the monotonic time of it.
_Heard = tuple[float, str, str, str, str, str, Stage, bool] | tuple[float, str, str, str, Stage]


@dataclass(slots=True)
class KnownOrder:
    """One order.

    Attributes:
        exchange: As it is called in `exchange.name`.
        client_order_id: Empty where it is not known.
        order_id: The exchange's id; empty where it is not known.
        symbol: ccxt's name of the market; empty where it is not known.
        bot: The bot's id; empty where it is not known.
        stage: How far it has got.
        reported: The service itself reports on it.
        since: Monotonic time since when it is in its stage.
    """

    exchange: str
    client_order_id: str = ""
    order_id: str = ""
    symbol: str = ""
    bot: str = ""
    stage: Stage = "sent"
    reported: bool = False
    since: float = 0.0


class KnownOrders:
    """Remembers orders by either id. Safe to use from several threads; bounded.

    Reporting costs the caller, who is sending an order, a fraction of a microsecond: reports are queued, and sorted by
    the next query; `catch_up` keeps the queue short.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over in a forked child: what the parent sent is the parent's."""
        self._lock = threading.Lock()
        self._heard: deque[_Heard] = deque(maxlen=_MOST_HEARD)
        self._live: OrderedDict[int, KnownOrder] = OrderedDict()
        self._ended: OrderedDict[int, KnownOrder] = OrderedDict()
        self._by_client_id: dict[tuple[str, str], int] = {}
        self._by_order_id: dict[tuple[str, str], int] = {}
        self._accounts: dict[str, set[int]] = {}
        self._next = 0

    def note(
        self,
        exchange: str,
        *,
        client_order_id: str = "",
        order_id: str = "",
        symbol: str = "",
        bot: str = "",
        stage: Stage = "sent",
        reported: bool = False,
    ) -> None:
        """Something is known of an order, that is new or not.

        Args:
            exchange: As it is called in `exchange.name`.
            client_order_id: Names the order, or
            order_id: does, or both; without either nothing is remembered.
            symbol: ccxt's name of the market.
            bot: The bot's id.
            stage: How far the order has got.
            reported: The service itself reports on it.
        """
        if client_order_id or order_id:
            self._heard.append(
                (time.monotonic(), exchange, client_order_id, order_id, symbol, bot, stage, reported)
            )

    def ended(self, exchange: str, *, client_order_id: str = "", order_id: str = "") -> None:
        """An order has ended; nothing is remembered of one that is not known."""
        self._heard.append((time.monotonic(), exchange, client_order_id, order_id, "ended"))

    def refused(self, exchange: str, *, client_order_id: str) -> None:
        """An order was not taken; it may be sent again under its id."""
        self._heard.append((time.monotonic(), exchange, client_order_id, "", "sent"))

    def catch_up(self) -> None:
        """Sort the reports that are queued."""
        with self._lock:
            self._catch_up()

    def has(self, exchange: str, *, client_order_id: str = "", order_id: str = "") -> bool:
        """Whether an order is remembered."""
        with self._lock:
            self._catch_up()
            return self._find(exchange.lower(), client_order_id, order_id) is not None

    def believed_open(self, exchange: str) -> list[KnownOrder]:
        """The orders that the exchange has taken and that have not ended, as far as this process knows."""
        with self._lock:
            self._catch_up()
            return [
                replace(order)
                for order in self._live.values()
                if order.exchange == exchange.lower() and order.stage == "open"
            ]

    def account(self, exchange: str, key: object) -> None:
        """An order goes out with an API key; only whether keys are equal is remembered."""
        accounts = self._accounts.setdefault(exchange.lower(), set())
        if len(accounts) < _MOST_ACCOUNTS:
            accounts.add(hash(key))

    def accounts(self, exchange: str) -> frozenset[int]:
        """The hashes of the API keys with which orders went out."""
        return frozenset(self._accounts.get(exchange.lower(), ()))

    def _catch_up(self) -> None:
        for _ in range(len(self._heard)):
            report = self._heard.popleft()
            if len(report) == 8:
                self._note(*report)
            else:
                self._over(*report)

    def _note(
        self,
        moment: float,
        exchange: str,
        client_order_id: str,
        order_id: str,
        symbol: str,
        bot: str,
        stage: Stage,
        reported: bool,
    ) -> None:
        exchange = exchange.lower()
        number = self._find(exchange, client_order_id, order_id)
        if number is None:
            number, self._next = self._next, self._next + 1
            self._live[number] = KnownOrder(exchange, since=moment)
            self._trim(self._live)
        order = self._live.get(number) or self._ended[number]
        order.client_order_id = order.client_order_id or client_order_id
        order.order_id = order.order_id or order_id
        order.symbol = order.symbol or symbol
        order.bot = order.bot or bot
        order.reported = order.reported or reported
        if order.client_order_id:
            self._by_client_id[exchange, order.client_order_id] = number
        if order.order_id:
            self._by_order_id[exchange, order.order_id] = number
        if _RANK[stage] > _RANK[order.stage]:
            order.stage, order.since = stage, moment
            self._live.pop(number, None)
            self._ended.pop(number, None)
            home = self._ended if stage == "ended" else self._live
            home[number] = order
            self._trim(home)

    def _over(self, moment: float, exchange: str, client_order_id: str, order_id: str, stage: Stage) -> None:
        number = self._find(exchange.lower(), client_order_id, order_id)
        order = None if number is None else self._live.get(number)
        if number is None or order is None or _RANK[order.stage] > _RANK[stage]:
            return
        order.stage, order.since = stage, moment
        self._ended[number] = self._live.pop(number)
        self._trim(self._ended)

    def _find(self, exchange: str, client_order_id: str, order_id: str) -> int | None:
        number = self._by_client_id.get((exchange, client_order_id)) if client_order_id else None
        if number is None and order_id:
            number = self._by_order_id.get((exchange, order_id))
        return number

    def _trim(self, orders: OrderedDict[int, KnownOrder]) -> None:
        while len(orders) > MOST_ORDERS:
            number, order = orders.popitem(last=False)
            for index, key in (
                (self._by_client_id, order.client_order_id),
                (self._by_order_id, order.order_id),
            ):
                if index.get((order.exchange, key)) == number:
                    del index[order.exchange, key]


#: Of this process.
KNOWN = KnownOrders()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=KNOWN.forget)
