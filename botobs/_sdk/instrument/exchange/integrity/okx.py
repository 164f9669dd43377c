"""OKX: a book's update names the number of the one before it, `prevSeqId`; -1 marks a snapshot.

A quiet book repeats its number, and after maintenance numbers may fall: only the chain matters.
https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
"""

from __future__ import annotations

from typing import Any


def missing(last: dict[Any, int], message: Any) -> int | None:
    """Count the breaks before `message`; see `botobs._sdk.instrument.exchange.integrity.Dialect`."""
    if message.__class__ is not dict:
        return None
    arg, data = message.get("arg"), message.get("data")
    if arg.__class__ is not dict or data.__class__ is not list:
        return None
    key = (str(arg.get("channel")), str(arg.get("instId")))
    breaks = None
    for item in data:
        number = item.get("seqId") if item.__class__ is dict else None
        if number.__class__ is not int:
            continue
        previous = item.get("prevSeqId")
        if previous.__class__ is not int:
            continue
        before = last.get(key)
        last[key] = number
        broken = before is not None and previous != -1 and previous != before
        breaks = (breaks or 0) + broken
    return breaks
