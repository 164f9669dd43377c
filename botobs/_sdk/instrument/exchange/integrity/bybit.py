"""Bybit: `u` of a book's delta is one more than that of the message before; snapshots start over.

https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
"""

from __future__ import annotations

from typing import Any


def missing(last: dict[Any, int], message: Any) -> int | None:
    """Count the deltas missing before `message`; see `botobs._sdk.instrument.exchange.integrity.Dialect`."""
    if message.__class__ is not dict:
        return None
    topic = message.get("topic")
    if topic.__class__ is not str or not topic.startswith("orderbook."):
        return None
    data = message.get("data")
    if data.__class__ is not dict:
        return None
    number = data.get("u")
    if number.__class__ is not int:
        return None
    before = last.get(topic)
    last[topic] = number
    if before is None or message.get("type") != "delta" or number <= before + 1:
        return 0
    return number - before - 1
