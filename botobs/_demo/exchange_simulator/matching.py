"""The matching engine: orders are accepted or rejected, then filled after a while or cancelled."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Iterable
from decimal import Decimal

from .account import Account
from .counts import Counts
from .market import Market
from .orders import Order, Request, Status
from .rejection import Reason, Rejection

#: Mean time until a limit order is filled when the price does not cross it, in seconds.
MEAN_WAIT = 12.0

#: Share of the limit orders that are filled in two parts.
IN_PARTS = 0.25

#: Closed orders that are kept.
_REMEMBERED = 20_000


class MatchingEngine:
    """Accepts, fills and cancels the orders of one exchange.

    Attributes:
        on_change: Called with each order that was accepted, filled or cancelled.
    """

    def __init__(self, account: Account, counts: Counts, rng: random.Random, first_id: int) -> None:
        self.on_change: Callable[[Order], None] = lambda _: None
        self._account = account
        self._counts = counts
        self._rng = rng
        self._next_id = first_id
        self._orders: OrderedDict[int, Order] = OrderedDict()
        self._by_client_id: dict[str, int] = {}
        self._open: dict[int, Order] = {}

    def place(self, request: Request, market: Market, timestamp: int, now: float) -> Order:
        """Accept an order; a market order, and a limit order that crosses the book, is filled at once.

        Raises:
            Rejection: The balance is too small, or the client order id is in use.
        """
        if request.client_id in self._by_client_id:
            raise Rejection(Reason.PARAMETER, "client order id")
        best = market.best_ask if request.side == "buy" else market.best_bid
        self._account.lock(request, best)
        due = now + self._rng.expovariate(1 / MEAN_WAIT)
        order = Order(self._next_id, request, timestamp, timestamp, due, self._rng.random() < IN_PARTS)
        self._next_id += 1
        self._remember(order)
        self._counts.orders_accepted += 1
        self.on_change(order)
        if request.type == "market" or _crosses(order, market):
            self._fill(order, market, best, order.remaining, timestamp)
        return order

    def cancel(self, order: Order, timestamp: int) -> None:
        """Cancel an order.

        Raises:
            Rejection: It is already filled or cancelled.
        """
        if not order.open:
            raise Rejection(Reason.UNKNOWN_ORDER)
        order.status = Status.CANCELLED
        order.updated = timestamp
        del self._open[order.id]
        self._account.unlock(order.request, order.remaining)
        self._counts.cancels += 1
        self.on_change(order)

    def find(self, order_id: str | None, client_id: str | None) -> Order:
        """The order with an order id or a client order id.

        Raises:
            Rejection: There is no such order.
        """
        if order_id is None and client_id is not None:
            order_id = str(self._by_client_id.get(client_id))
        order = self._orders.get(int(order_id)) if order_id is not None and order_id.isdecimal() else None
        if order is None:
            raise Rejection(Reason.UNKNOWN_ORDER)
        return order

    def all(self, symbol: str | None = None, open_only: bool = False) -> list[Order]:
        """Orders, oldest first."""
        orders: Iterable[Order] = self._open.values() if open_only else self._orders.values()
        return [order for order in orders if symbol in (None, order.request.instrument.symbol)]

    def fill(self, order: Order, market: Market, timestamp: int) -> None:
        """Fill what remains of an open order, at its own price.

        Raises:
            Rejection: It is already filled or cancelled.
        """
        if not order.open:
            raise Rejection(Reason.UNKNOWN_ORDER)
        assert order.request.price is not None, "market orders are filled when they are placed"
        self._fill(order, market, order.request.price, order.remaining, timestamp)

    def step(self, market: Market, timestamp: int, now: float) -> None:
        """Fill the market's orders that the price has crossed or that are due."""
        for order in self.all(market.instrument.symbol, open_only=True):
            crossed = _crosses(order, market)
            if not crossed and now < order.due:
                continue
            amount = order.remaining
            lots = int(amount / market.instrument.lot)
            if order.in_parts and lots > 1:
                amount = self._rng.randint(1, lots - 1) * market.instrument.lot
                order.in_parts = False
                order.due = now + self._rng.expovariate(1 / MEAN_WAIT)
            assert order.request.price is not None, "market orders are filled when they are placed"
            self._fill(order, market, order.request.price, amount, timestamp)

    def _fill(self, order: Order, market: Market, price: Decimal, amount: Decimal, timestamp: int) -> None:
        trade = market.trade(timestamp, order.request.side, price, amount)
        order.fills.append(trade)
        order.filled += amount
        order.cost += amount * price
        order.updated = timestamp
        order.status = Status.PARTLY_FILLED if order.remaining else Status.FILLED
        if not order.open:
            del self._open[order.id]
        self._account.settle(order.request, amount, price)
        self._counts.fills += 1
        self.on_change(order)

    def _remember(self, order: Order) -> None:
        self._orders[order.id] = self._open[order.id] = order
        self._by_client_id[order.request.client_id] = order.id
        while len(self._orders) - len(self._open) > _REMEMBERED:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest = next(order for order in self._orders.values() if not order.open)
        del self._orders[oldest.id], self._by_client_id[oldest.request.client_id]


def _crosses(order: Order, market: Market) -> bool:
    price = order.request.price
    if price is None:
        return True
    return price >= market.best_ask if order.request.side == "buy" else price <= market.best_bid
