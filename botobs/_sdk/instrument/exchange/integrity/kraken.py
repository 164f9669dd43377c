"""Kraken: private feeds and futures books count their messages; spot books carry a checksum instead.

Spot, version 1: `[…, "openOrders", {"sequence": n}]`; version 2: `{"channel": "executions", "sequence": n}`.
Futures: `{"feed": "book", "product_id": …, "seq": n}` after a `book_snapshot`.
https://docs.kraken.com/api/docs/websocket-v2/executions · https://docs.kraken.com/api/docs/futures-api/websocket/book
"""

from __future__ import annotations

from typing import Any


def missing(last: dict[Any, int], message: Any) -> int | None:
    """Count the messages missing before `message`; see `botobs._sdk.instrument.exchange.integrity.Dialect`."""
    if message.__class__ is list:
        tail = message[-1] if message else None
        number = tail.get("sequence") if tail.__class__ is dict else None
        return _step(last, message[-2] if len(message) > 1 else None, number, starts_over=False)
    if message.__class__ is not dict:
        return None
    feed = message.get("feed")
    if feed in ("book", "book_snapshot"):
        return _step(last, message.get("product_id"), message.get("seq"), starts_over=feed == "book_snapshot")
    if "sequence" in message:
        starts_over = message.get("type") == "snapshot"
        return _step(last, message.get("channel"), message["sequence"], starts_over)
    return None


def _step(last: dict[Any, int], key: Any, number: Any, starts_over: bool) -> int | None:
    if number.__class__ is not int or key.__class__ is not str:
        return None
    before = last.get(key)
    last[key] = number
    if starts_over or before is None or number <= before + 1:
        return 0
    return number - before - 1
