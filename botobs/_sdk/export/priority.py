"""The priority of a span or log record: what is kept when not everything can be."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any

from opentelemetry.trace import StatusCode

from ..safe import text_of


class Priority(StrEnum):
    """Priority of a span, the highest first: lower ones are dropped first.

    The metrics of the export show it as their attribute `lane`, and the names of spool files contain it.
    """

    CRITICAL = "critical"
    """Orders, fills and errors."""
    NORMAL = "normal"
    BULK = "bulk"
    """Ticks and polls, which are repeated anyway."""


PRIORITIES = tuple(Priority)

#: Characters of a name that are looked at.
_LONGEST_NAME = 256
_ORDER_WORDS = ("order", "fill", "trade", "position", "leverage", "withdraw", "transfer")
_POLL_WORDS = ("fetch", "watch", "load_markets", "poll", "tick", "ping", "health")
_BOOK_WORDS = ("order_book", "orderbook", "trades", "ohlcv", "ticker")


def priority_of(span: Any) -> Priority:
    """The priority of an ended span, by its status, its attributes and its name.

    A failed span is always critical. Fetching an order book is a poll, although "order" is in its name.
    """
    if span.status.status_code is StatusCode.ERROR:
        return Priority.CRITICAL
    attributes = span.attributes
    if "exchange.order.client_id" in attributes or "exchange.order.id" in attributes:
        return Priority.CRITICAL
    return _priority_of_name(text_of(attributes.get("exchange.operation") or span.name)[:_LONGEST_NAME])


@lru_cache(maxsize=1024)
def _priority_of_name(name: str) -> Priority:
    name = name.lower()
    if name.startswith(_POLL_WORDS) or any(word in name for word in _BOOK_WORDS):
        return Priority.BULK
    return Priority.CRITICAL if any(word in name for word in _ORDER_WORDS) else Priority.NORMAL
