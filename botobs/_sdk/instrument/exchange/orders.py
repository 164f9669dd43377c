"""Tracks orders from submission to response and, where the application watches them, to fill and end."""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.metrics import Meter
from opentelemetry.trace import Link, SpanContext, SpanKind, Tracer

from ....semconv import exchange as semconv
from ...orders import Rejections
from ...orders.known import KNOWN, Stage
from ...texts import text_of
from ...urgent import report_soon
from .series_attributes import of_orders

#: Accepted orders that wait for their fill, and updates of orders whose response has not come yet.
_MAXIMUM_OPEN = 10_000
_MAXIMUM_EARLY = 1_000
#: Updates of one message that are looked at.
_NEWEST = 20

_SIDES = frozenset({"buy", "sell"})
_TYPES = frozenset({"market", "limit"})
#: ccxt's status of an order that has ended, and its outcome.
ENDS = {"closed": "filled", "canceled": "canceled", "expired": "expired", "rejected": "rejected"}

#: Exchange and client.
Who = tuple[str, str]
#: Exchange, symbol and order id; Binance counts orders per symbol.
_Key = tuple[str, str, str]


def bounded_side(side: Any) -> str:
    """`side` as a metric's attribute."""
    text = text_of(side).lower()
    return text if text in _SIDES else "other"


def bounded_type(kind: Any) -> str:
    """`kind` as a metric's attribute."""
    text = text_of(kind).lower()
    return text if text in _TYPES else "other"


@dataclass(slots=True)
class _Open:
    who: Who
    acknowledged: float
    span: SpanContext | None
    filled: bool = False


@dataclass(slots=True)
class _Early:
    first_fill: float | None = None
    end: float | None = None
    outcome: str = ""


class OrderTracker:
    """Orders of all exchanges."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        self._tracer = tracer
        self._in_flight: dict[int, tuple[Who, float]] = {}
        self._seen: set[Who] = set()
        self._tickets = itertools.count()
        self.rejections = Rejections(report_soon)
        self._open: OrderedDict[_Key, _Open] = OrderedDict()
        self._early: OrderedDict[_Key, _Early] = OrderedDict()
        self.outcomes = semconv.ORDERS.create(meter)
        self.submit_duration = semconv.ORDER_SUBMIT_DURATION.create(meter)
        self.cancel_duration = semconv.ORDER_CANCEL_DURATION.create(meter)
        self._first_fill_duration = semconv.ORDER_FIRST_FILL_DURATION.create(meter)
        self._done_duration = semconv.ORDER_DONE_DURATION.create(meter)

    def begin(self, who: Who) -> int:
        """An order is being submitted; returns the ticket for `end`."""
        ticket = next(self._tickets)
        self._seen.add(who)
        self._in_flight[ticket] = (who, time.monotonic())
        return ticket

    def end(self, ticket: int) -> None:
        """Note that the submission got its response, or was given up."""
        self._in_flight.pop(ticket, None)

    def in_flight(self) -> Iterator[tuple[Who, int]]:
        """One for every submission without a response; zeros for clients that have none."""
        for who in list(self._seen):
            yield who, 0
        for who, _ in list(self._in_flight.values()):
            yield who, 1

    def ages_in_flight(self) -> Iterator[tuple[Who, float]]:
        """The ages of submissions without a response in seconds; zero for clients that have none."""
        now = time.monotonic()
        for who in list(self._seen):
            yield who, 0.0
        for who, started in list(self._in_flight.values()):
            yield who, now - started

    def count(self, who: Who, outcome: str) -> None:
        """Count one order under an outcome."""
        self.outcomes.add(1, of_orders(*who, outcome))
        if outcome == "accepted":
            self.rejections.accepted(who[0])
        elif outcome == "rejected":
            self.rejections.rejected(who[0])

    def acknowledge(self, who: Who, order: Any, span: SpanContext | None) -> None:
        """The exchange accepted `order`, a unified order as ccxt returns it."""
        self.count(who, "accepted")
        _know(who[0], order)
        key = _key(who[0], order)
        if key is None:
            return
        now = time.monotonic()
        self._open[key] = _Open(who, now, span)
        if len(self._open) > _MAXIMUM_OPEN:
            self._open.popitem(last=False)
        early = self._early.pop(key, None)
        if early is not None:
            self._apply(
                key, early.first_fill is not None, early.outcome, early.first_fill or now, early.end or now
            )
        self.update(who[0], order, keep=False)

    def update_all(self, exchange: str, orders: Any) -> None:
        """A stream of orders delivered; its newest orders come last."""
        for order in list(orders[-_NEWEST:]):
            self.update(exchange, order)

    def update(self, exchange: str, order: Any, keep: bool = True) -> None:
        """Take what is known about an order into account.

        Args:
            exchange: Its name.
            order: A unified order.
            keep: Whether to remember an order that is not known, whose response may still be under way.
        """
        key = _key(exchange, order)
        if key is None:
            return
        filled = isinstance(order.get("filled"), int | float) and order["filled"] > 0
        outcome = ENDS.get(str(order.get("status")), "")
        if not filled and not outcome:
            return
        if outcome:
            KNOWN.ended(exchange, client_order_id=_client_order_id(order), order_id=key[2])
        now = time.monotonic()
        if key in self._open:
            self._apply(key, filled, outcome, now, now)
        elif keep:
            early = self._early.setdefault(key, _Early())
            if filled and early.first_fill is None:
                early.first_fill = now
            if outcome and early.end is None:
                early.end, early.outcome = now, outcome
            if len(self._early) > _MAXIMUM_EARLY:
                self._early.popitem(last=False)

    def _apply(self, key: _Key, filled: bool, outcome: str, filled_at: float, ended_at: float) -> None:
        entry = self._open.get(key)
        if entry is None:
            return
        if filled and not entry.filled:
            entry.filled = True
            self._first_fill_duration.record(
                max(0.0, filled_at - entry.acknowledged), of_orders(*entry.who, "")
            )
            self._link("order fill", key, entry)
        if outcome:
            self._open.pop(key, None)
            KNOWN.ended(key[0], order_id=key[2])
            self.count(entry.who, outcome)
            self._done_duration.record(
                max(0.0, ended_at - entry.acknowledged), of_orders(*entry.who, outcome)
            )

    def _link(self, name: str, key: _Key, entry: _Open) -> None:
        """Record the update as a span in a new trace, with a link to the submission."""
        links = [Link(entry.span)] if entry.span is not None and entry.span.is_valid else []
        attributes = {semconv.NAME: entry.who[0], semconv.CLIENT: entry.who[1], semconv.ORDER_ID: key[2]}
        self._tracer.start_span(
            f"{name} {entry.who[0]}", kind=SpanKind.INTERNAL, attributes=attributes, links=links
        ).end()


def _know(exchange: str, order: Any) -> None:
    """Remember a unified order of this process: its ids, and whether it has ended."""
    if type(order) is dict or isinstance(order, Mapping):
        stage: Stage = "ended" if str(order.get("status")) in ENDS else "open"
        KNOWN.note(
            exchange,
            client_order_id=_client_order_id(order),
            order_id=order_id(order) or "",
            symbol=str(order.get("symbol") or ""),
            stage=stage,
        )


def _client_order_id(order: Mapping[str, Any]) -> str:
    return str(order.get("clientOrderId") or "")[:128]


def order_id(order: Any) -> str | None:
    """The exchange's id of a unified order."""
    identity = order.get("id") if type(order) is dict or isinstance(order, Mapping) else None
    return str(identity)[:128] if identity else None


def _key(exchange: str, order: Any) -> _Key | None:
    identity = order_id(order)
    return None if identity is None else (exchange, str(order.get("symbol") or ""), identity)
