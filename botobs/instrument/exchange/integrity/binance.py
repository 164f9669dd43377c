"""Binance: every book update names the range of ids that it covers.

Spot: the first id `U` follows the last id `u` of the update before. Futures name that one themselves, as `pu`.
https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
"""

from __future__ import annotations

from typing import Any


def missing(last: dict[Any, int], message: Any) -> int | None:
    """Count the updates missing before `message`; see `botobs.instrument.exchange.integrity.Dialect`.

    A range that overlaps the one before is no gap: a book that is subscribed to at two speeds comes twice.
    """
    if message.__class__ is not dict:
        return None
    data = message.get("data", message)
    if data.__class__ is not dict or data.get("e") != "depthUpdate":
        return None
    end = data.get("u")
    if end.__class__ is not int:
        return None
    symbol = data.get("s")
    before = last.get(symbol)
    last[symbol] = end if before is None or end > before else before
    if before is None:
        return 0
    previous = data.get("pu")
    if previous.__class__ is int:
        return 1 if previous > before else 0
    start = data.get("U")
    return 1 if start.__class__ is int and start > before + 1 else 0
