"""How important a span is when not all can be kept."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any

from opentelemetry.trace import StatusCode

from ..safe import text_of


class Lane(StrEnum):
    """Priority of a span, the highest first: later lanes are given up before earlier ones."""

    CRITICAL = "critical"
    """Orders, fills and errors."""
    NORMAL = "normal"
    BULK = "bulk"
    """Ticks and polls, which come again."""


LANES = tuple(Lane)

#: Characters of a name that are looked at.
_LONGEST_NAME = 256
_ORDER_WORDS = ("order", "fill", "trade", "position", "leverage", "withdraw", "transfer")
_POLL_WORDS = ("fetch", "watch", "load_markets", "poll", "tick", "ping", "health")
_BOOK_WORDS = ("order_book", "orderbook", "trades", "ohlcv", "ticker")


def lane_of(span: Any) -> Lane:
    """The lane of an ended span, by its status, its attributes and what it is called.

    A failed span is critical whatever it did. Reading an order book is a poll although its name has an order in it.
    """
    if span.status.status_code is StatusCode.ERROR:
        return Lane.CRITICAL
    attributes = span.attributes
    if "exchange.order.client_id" in attributes or "exchange.order.id" in attributes:
        return Lane.CRITICAL
    return _lane_of_name(text_of(attributes.get("exchange.operation") or span.name)[:_LONGEST_NAME])


@lru_cache(maxsize=1024)
def _lane_of_name(name: str) -> Lane:
    name = name.lower()
    if name.startswith(_POLL_WORDS) or any(word in name for word in _BOOK_WORDS):
        return Lane.BULK
    return Lane.CRITICAL if any(word in name for word in _ORDER_WORDS) else Lane.NORMAL
