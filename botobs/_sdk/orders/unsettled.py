"""Orders of which nobody knows what became of them, until somebody says so."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

#: Orders that one process remembers; beyond it the oldest are forgotten.
MOST_ORDERS = 5000


@dataclass(frozen=True, slots=True)
class UnsettledOrder:
    """One order of unknown outcome.

    Attributes:
        exchange: As it is called in `exchange.name`.
        client_order_id: The id that it was sent with; empty where it is not known.
        order_id: The exchange's id; empty where it is not known.
        symbol: ccxt's name of the market, or the exchange's; empty where it is not known.
        side: `buy`, `sell` or empty.
        bot: The bot's id; empty where it is not known.
        trace_id: Of the submission, 32 hexadecimal digits; empty without one.
        span_id: Of the submission, 16 hexadecimal digits; empty without one.
        since: When it was submitted, in seconds since the epoch.
    """

    exchange: str
    client_order_id: str = ""
    order_id: str = ""
    symbol: str = ""
    side: str = ""
    bot: str = ""
    trace_id: str = ""
    span_id: str = ""
    since: float = field(default_factory=time.time)


Listener = Callable[[UnsettledOrder, str], None]


class Unsettled:
    """The unsettled orders of this process. Safe to use from several threads; never raises, never waits for I/O."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: OrderedDict[int, UnsettledOrder] = OrderedDict()
        self._next = 0
        self.on_doubt: list[Callable[[UnsettledOrder], None]] = []
        self.on_settled: list[Listener] = []

    def doubt(self, order: UnsettledOrder) -> None:
        """Nobody knows what became of an order."""
        with self._lock:
            self._orders[self._next] = order
            self._next += 1
            while len(self._orders) > MOST_ORDERS:
                self._orders.popitem(last=False)
        for listener in self.on_doubt:
            listener(order)

    def settle(self, exchange: str, outcome: str, *, client_order_id: str = "", order_id: str = "") -> bool:
        """An answer names the order, or a person or a comparison with the exchange has found out.

        Args:
            exchange: As it is called in `exchange.name`.
            outcome: `accepted`, `rejected`, `failed`, `filled`, `canceled` or `expired`.
            client_order_id: Names the order, or
            order_id: does.

        Returns:
            Whether it was among the unsettled.
        """
        with self._lock:
            found = [
                number
                for number, order in self._orders.items()
                if order.exchange == exchange
                and (
                    (client_order_id and order.client_order_id == client_order_id)
                    or (order_id and order.order_id == order_id)
                )
            ]
            settled = [self._orders.pop(number) for number in found]
        for order in settled:
            for listener in self.on_settled:
                listener(order, outcome)
        return bool(settled)

    def all(self) -> list[UnsettledOrder]:
        """Those that are unsettled now, the oldest first."""
        with self._lock:
            return list(self._orders.values())


#: Of this process.
UNSETTLED = Unsettled()
