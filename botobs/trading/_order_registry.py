"""The orders of this process: those that are watched, and those that are waited for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from opentelemetry.metrics import Observation

from .._sdk import start
from .._sdk.ids import Ids
from .._sdk.orders import Rejections, Unsettled
from .._sdk.orders.journal import Journal
from .._sdk.orders.known import KnownOrders
from .._sdk.orders.known import Stage as KnownStage
from .._sdk.urgent import report_soon
from ..semconv import trading as names
from ._recorder import Recorder, logger
from .positions import PositionBook

#: Orders that one process remembers, so that reports on them come together; beyond it the oldest are forgotten. An
#: order that is forgotten is still reported on, but its fill has no duration.
ORDERS_LIMIT = 5000

#: Exchanges that the numbers of orders in flight distinguish.
EXCHANGES_LIMIT = 100

#: Exchange and client order id.
Key = tuple[str, str]


class Keyed(Protocol):
    """What is remembered: an order."""

    @property
    def key(self) -> Key:
        """Exchange and client order id."""


OrderT = TypeVar("OrderT", bound=Keyed)


def order_ids(exchange: str, client_order_id: str) -> Ids:
    """The ids of an order's trace and of its first span, derived from its client order id alone."""
    return Ids.derive("botobs.order", exchange, client_order_id)


#: How far an order is known to have got after a report.
_KNOWN_STAGES: dict[str, KnownStage] = {
    "acknowledged": "open",
    "partially_filled": "open",
    "filled": "ended",
    "canceled": "ended",
    "expired": "ended",
}
_REFUSED = frozenset({"rejected", "failed"})


class OrderRegistry(Generic[OrderT]):
    """Remembers orders by exchange and client order id, and which of them have no response yet.

    Attributes:
        recorder: Where the orders report to.
        unsettled: Where orders of unknown outcome are remembered.
        positions: What fills change.
        journal: Keeps what has no response yet, in case the process is killed; None where no money is at stake.
        rejections: The orders that exchanges have lately rejected.
        lock: Guards what an order has reached.
    """

    def __init__(
        self,
        recorder: Recorder,
        unsettled: Unsettled,
        known: KnownOrders,
        positions: PositionBook,
        journal: Journal | None = None,
    ) -> None:
        self.recorder = recorder
        self.unsettled = unsettled
        self.positions = positions
        self.journal = journal
        # A backtest loses no money.
        self.rejections = Rejections((lambda: None) if journal is None else report_soon)
        self._known = known
        self.lock = threading.Lock()
        self._orders: OrderedDict[Key, OrderT] = OrderedDict()
        self._in_flight: OrderedDict[Key, float] = OrderedDict()
        self._exchanges: set[str] = set()
        self._full = False
        recorder.observe(names.IN_FLIGHT, self._observe_in_flight)
        recorder.observe(names.OLDEST_IN_FLIGHT, self._observe_oldest)
        recorder.observe(names.REJECTED_BURST, self._observe_rejected)

    def tells_values(self) -> bool:
        """Whether amounts and prices may be on spans: those of a backtest, and where the settings allow it."""
        handle = start.current()
        return self.journal is None or handle is None or handle.settings.tells_order_values("traces")

    def find(self, key: Key) -> OrderT | None:
        """The order, if it is remembered."""
        return self._orders.get(key)

    def keep(self, order: OrderT) -> None:
        """Remember an order."""
        self.recorder.connect()
        if self.journal is not None and not self.journal.wanted:
            self.journal.want()
        with self.lock:
            self._orders[order.key] = order
            while len(self._orders) > ORDERS_LIMIT:
                self._orders.popitem(last=False)
        self._known.note(order.key[0], client_order_id=order.key[1])

    def heard(self, stage: str, attributes: Mapping[str, str], bot: str) -> None:
        """An order has come to a stage; `attributes` say which order."""
        known_stage = _KNOWN_STAGES.get(stage)
        if stage in _REFUSED:
            self._known.refused(
                attributes[names.EXCHANGE_NAME], client_order_id=attributes[names.ORDER_CLIENT_ID]
            )
        if known_stage is None:
            return
        self._known.note(
            attributes[names.EXCHANGE_NAME],
            client_order_id=attributes[names.ORDER_CLIENT_ID],
            order_id=attributes.get(names.ORDER_ID, ""),
            symbol=attributes.get(names.SYMBOL, ""),
            bot=bot,
            stage=known_stage,
            reported=True,
        )

    def sent(self, key: Key) -> None:
        """Note that an order was sent and waits for its response."""
        with self.lock:
            if len(self._exchanges) < EXCHANGES_LIMIT:
                self._exchanges.add(key[0])
            self._in_flight[key] = self.recorder.elapsed()
            if len(self._in_flight) <= ORDERS_LIMIT:
                return
            self._in_flight.popitem(last=False)
            if self._full:
                return
            self._full = True
        logger.warning("more than %d orders without an answer: is it reported?", ORDERS_LIMIT)

    def answered(self, key: Key) -> None:
        """Note that an order no longer waits for its response."""
        with self.lock:
            self._in_flight.pop(key, None)

    def forget(self) -> None:
        """Forget every order: they are the parent process's."""
        self.lock = threading.Lock()
        self._orders = OrderedDict()
        self._in_flight = OrderedDict()
        self._exchanges = set()
        self.rejections.forget()

    def _observe_in_flight(self) -> Iterable[Observation]:
        with self.lock:
            waiting = [exchange for exchange, _ in self._in_flight]
            exchanges = list(self._exchanges)
        return [
            Observation(waiting.count(exchange), {names.EXCHANGE_NAME: exchange}) for exchange in exchanges
        ]

    def _observe_rejected(self) -> Iterable[Observation]:
        return [
            Observation(count, {names.EXCHANGE_NAME: exchange})
            for exchange, count in self.rejections.bursts()
        ]

    def _observe_oldest(self) -> Iterable[Observation]:
        now = self.recorder.elapsed()
        with self.lock:
            ages = dict.fromkeys(self._exchanges, 0.0)
            for (exchange, _), since in self._in_flight.items():
                if exchange in ages:
                    ages[exchange] = max(ages[exchange], now - since)
        return [Observation(age, {names.EXCHANGE_NAME: exchange}) for exchange, age in ages.items()]
