"""Orders of unknown outcome, until their outcome is reported.

One collection for the process (`UNSETTLED`): watched clients and `botobs.trading` report unknown orders to it,
and responses that name an order. It is written to a file by the export thread (`export.unsettled_file`), so that the
service's next process knows them too, and exported as metrics and spans (`settlement`).
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from itertools import islice

from ..ids import Ids

#: Orders that one process remembers; beyond it the oldest are forgotten.
MOST_ORDERS = 5000
#: Orders that one process exports in metrics at a time, each being a series: the oldest, and of those that are settled
#: the ones that were not exported yet.
MOST_REPORTED = 1000
#: Seconds for which a settlement is exported, so that it survives an outage of the collector.
REPORTED_FOR = 3600.0
#: Seconds after which a settlement makes room where many wait: several exports of metrics.
REPORTED_AT_LEAST = 60.0

_ALIKE = re.compile(r":.*|[^A-Z0-9]", re.IGNORECASE)


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
        known_as: The client order id by which `botobs.trading` knows it, where it was sent with another; that of the
            list of orders that it belongs to, where it was sent in one.
        number: Distinguishes the orders of one submission that have no id.
        unknown_since: When its outcome was found to be unknown, in seconds since the epoch.
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
    known_as: str = ""
    number: int = 0
    unknown_since: float = field(default_factory=time.time)

    @property
    def key(self) -> str:
        """What identifies the order in metrics, the same in every process that knows its client order id."""
        own = self.client_order_id or ("" if self.number else self.known_as)
        return order_key(self.exchange, own, self.order_id) or _hashed(
            self.exchange, self.trace_id, self.span_id, str(self.number)
        )

    def completed(self, other: UnsettledOrder) -> UnsettledOrder:
        """This order, with what is known of it only now."""
        empty = [each.name for each in fields(self) if getattr(self, each.name) == ""]
        return replace(self, **{name: getattr(other, name) for name in empty})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an order.

    Attributes:
        order: The order.
        outcome: `accepted`, `rejected`, `failed`, `filled`, `canceled` or `expired`.
        at: When that was found out, in seconds since the epoch; after the order was found to be unknown.
    """

    order: UnsettledOrder
    outcome: str
    at: float


def order_key(exchange: str, client_order_id: str, order_id: str = "") -> str:
    """A hash of an order's name, 16 hexadecimal digits; empty for an order without a name.

    It says nothing about the order, and needs no ids in metrics.
    """
    if client_order_id:
        return _hashed(exchange, client_order_id)
    return _hashed(exchange, "", order_id) if order_id else ""


def _hashed(*parts: str) -> str:
    return f"{Ids.derive('botobs.unsettled', *parts).span_id:016x}"


Listener = Callable[[UnsettledOrder, str], None]
_Name = tuple[str, str, str]


class Unsettled:
    """The unsettled orders of this process. Safe to use from several threads; never raises, never waits for I/O.

    Attributes:
        waiting: Whether there are any: responses are looked at only then.
        changes: How often anything has changed.
        on_doubt: Called with an order that is of unknown outcome from now on.
        on_settled: Called with an order that is settled, and its outcome.
    """

    def __init__(self) -> None:
        self.on_doubt: list[Callable[[UnsettledOrder], None]] = []
        self.on_settled: list[Listener] = []
        self.forget()

    def forget(self) -> None:
        """Start over, as a forked child does: what the parent has sent is the parent's to settle."""
        self._lock = threading.Lock()
        self._orders: OrderedDict[str, UnsettledOrder] = OrderedDict()
        self._names: dict[_Name, list[str]] = {}
        self._settled: OrderedDict[str, Settlement] = OrderedDict()
        self._exported_since: dict[str, float] = {}
        self.waiting = False
        self.changes = 0

    def doubt(self, order: UnsettledOrder) -> None:
        """Add an order of unknown outcome; one that is there already is completed by what is known now."""
        with self._lock:
            new = self._add(order)
        if new:
            for listener in tuple(self.on_doubt):
                listener(order)

    def settle(
        self, exchange: str, outcome: str, *, client_order_id: str = "", order_id: str = "", symbol: str = ""
    ) -> bool:
        """A response names the order, or a person or a comparison with the exchange has found out.

        Args:
            exchange: As it is called in `exchange.name`.
            outcome: `accepted`, `rejected`, `failed`, `filled`, `canceled` or `expired`.
            client_order_id: Names the order, or
            order_id: does.
            symbol: Its market, where it is known: exchanges may count orders per market.

        Returns:
            Whether it was among the unsettled.
        """
        if not self.waiting:
            return False
        with self._lock:
            keys = self._find(exchange, client_order_id, order_id, symbol)
            settled = [self._remove(key) for key in keys]
            for order in settled:
                self._keep_settlement(order, outcome)
        self._report(settled, outcome)
        return bool(settled)

    def declare(self, exchange: str, outcome: str, client_order_id: str) -> None:
        """Report the outcome of an order on behalf of the service that sent it.

        Unlike `settle`, it is exported even where this process does not know of the order: the process that
        does may run on another host.
        """
        if self.settle(exchange, outcome, client_order_id=client_order_id):
            return
        order = UnsettledOrder(exchange, client_order_id, unknown_since=0.0)
        with self._lock:
            self._keep_settlement(order, outcome)
        self._report([order], outcome)

    def holds(self, exchange: str, client_order_id: str) -> bool:
        """Whether an order is unsettled."""
        if not self.waiting:
            return False
        with self._lock:
            return bool(self._find(exchange, client_order_id, "", ""))

    def all(self) -> list[UnsettledOrder]:
        """The orders that are unsettled now, the oldest first."""
        with self._lock:
            return list(self._orders.values())

    def reported(self) -> tuple[list[UnsettledOrder], list[Settlement]]:
        """The orders and settlements to export in metrics now. Drops settlements that were exported long enough."""
        now = time.monotonic()
        with self._lock:
            age = {key: now - since for key, since in self._exported_since.items()}
            crowded = len(self._settled) - MOST_REPORTED
            for key in [key for key in self._settled if key in age]:
                if age[key] > REPORTED_FOR or (crowded > 0 and age[key] > REPORTED_AT_LEAST):
                    del self._settled[key], self._exported_since[key]
                    self.changes += 1
                    crowded -= 1
            settled = list(islice(self._settled.items(), MOST_REPORTED))
            for key, _ in settled:
                self._exported_since.setdefault(key, now)
            return list(islice(self._orders.values(), MOST_REPORTED)), [each for _, each in settled]

    def contents(self) -> tuple[list[UnsettledOrder], list[Settlement]]:
        """Everything, to be kept for the service's next process."""
        with self._lock:
            return list(self._orders.values()), list(self._settled.values())

    def take_over(self, orders: Iterable[UnsettledOrder], settled: Iterable[Settlement]) -> None:
        """Add what another process of this service has left."""
        with self._lock:
            for order in orders:
                settlement = self._settled.get(order.key)
                if settlement is None or settlement.at < order.unknown_since:
                    self._add(order)
            for each in settled:
                key = each.order.key
                known = self._orders.get(key)
                if known is not None and known.unknown_since < each.at:
                    # It was settled elsewhere, such as by a person with a command.
                    self._remove(key)
                if key not in self._orders:
                    self._settled[key] = each
                    self.changes += 1

    def _add(self, order: UnsettledOrder) -> bool:
        """Add an order, or complete the one that is there; whether it is new."""
        key = order.key
        known = self._orders.get(key)
        if known is not None:
            self._unname(key, known)
            self._put(key, known.completed(order))
            return False
        earlier = self._settled.get(key)
        if earlier is not None and earlier.at >= order.unknown_since:
            # Sent again under its id within the clock's resolution.
            order = replace(order, unknown_since=earlier.at + 0.001)
        self._put(key, order)
        while len(self._orders) > MOST_ORDERS:
            self._remove(next(iter(self._orders)))
        return True

    def _put(self, key: str, order: UnsettledOrder) -> None:
        self._orders[key] = order
        for name in _names(order):
            self._names.setdefault(name, []).append(key)
        self.waiting = True
        self.changes += 1

    def _remove(self, key: str) -> UnsettledOrder:
        order = self._orders.pop(key)
        self._unname(key, order)
        self.waiting = bool(self._orders)
        self.changes += 1
        return order

    def _unname(self, key: str, order: UnsettledOrder) -> None:
        for name in _names(order):
            keys = self._names[name]
            keys.remove(key)
            if not keys:
                del self._names[name]

    def _find(self, exchange: str, client_order_id: str, order_id: str, symbol: str) -> list[str]:
        found = [
            *(self._names.get((exchange, "client", client_order_id), ()) if client_order_id else ()),
            *(self._names.get((exchange, "exchange", order_id), ()) if order_id else ()),
        ]
        return [
            key
            for key in dict.fromkeys(found)
            if (client_order_id and client_order_id in _client_ids(self._orders[key]))
            or _same_market(symbol, self._orders[key].symbol)
        ]

    def _keep_settlement(self, order: UnsettledOrder, outcome: str) -> None:
        key = order.key
        # By the clock of this host; the order may have been found to be unknown by another's that is ahead.
        at = max(time.time(), order.unknown_since + 0.001)
        self._settled.pop(key, None)
        self._exported_since.pop(key, None)
        self._settled[key] = Settlement(order, outcome, at)
        while len(self._settled) > MOST_ORDERS:
            oldest, _ = self._settled.popitem(last=False)
            self._exported_since.pop(oldest, None)
        self.changes += 1

    def _report(self, settled: list[UnsettledOrder], outcome: str) -> None:
        for order in settled:
            for listener in tuple(self.on_settled):
                listener(order, outcome)


def _client_ids(order: UnsettledOrder) -> set[str]:
    return {each for each in (order.client_order_id, order.known_as) if each}


def _names(order: UnsettledOrder) -> list[_Name]:
    names = [(order.exchange, "client", each) for each in sorted(_client_ids(order))]
    return [*names, (order.exchange, "exchange", order.order_id)] if order.order_id else names


def _same_market(one: str, other: str) -> bool:
    """Whether two names may be those of one market: `BTC/USDT:USDT` and `BTCUSDT` may, and so may an unknown one."""
    return not one or not other or _ALIKE.sub("", one).upper() == _ALIKE.sub("", other).upper()


#: Those of this process.
UNSETTLED = Unsettled()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=UNSETTLED.forget)
