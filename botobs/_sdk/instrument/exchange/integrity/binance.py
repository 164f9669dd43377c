"""Binance: every book update names the range of ids that it covers.

Spot: the first id `U` is one more than the last id `u` of the update before. Futures name that one themselves, as `pu`.
https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
"""

from __future__ import annotations

from typing import Any


def missing(last: dict[Any, int], message: Any) -> int | None:
    """Count the updates missing before `message`; see `botobs._sdk.instrument.exchange.integrity.Dialect`.

    A range that overlaps the one before is no gap: a book that is subscribed to at two speeds comes twice.
    """
    try:
        if message["e"] != "depthUpdate":
            return None
        symbol, end = message["s"], message["u"]
        before = last[symbol]
        follows = message["U"] == before + 1 and end.__class__ is int and end > before
    except (KeyError, TypeError):
        # The first of its symbol, one in a combined stream's message, or nothing that we know.
        follows = False
    if not follows:
        return _missing_closely(last, message)
    last[symbol] = end
    return 0


def _missing_closely(last: dict[Any, int], message: Any) -> int | None:
    data = message if message.__class__ is dict and "e" in message else _combined(message)
    if data.get("e") != "depthUpdate":
        return None
    end, symbol = data.get("u"), data.get("s")
    if end.__class__ is not int or symbol.__class__ is not str:
        return None
    before = last.get(symbol)
    if before is None:
        last[symbol] = end
        return 0
    if end > before:
        last[symbol] = end
    start = data.get("U")
    if start == before + 1:
        return 0
    previous = data.get("pu")
    if previous.__class__ is int:
        return 1 if previous > before else 0
    return 1 if start.__class__ is int and start > before + 1 else 0


def _combined(message: Any) -> dict[str, Any]:
    """The event in a message of a combined stream; nothing for anything else."""
    data = message.get("data") if message.__class__ is dict else None
    return data if data.__class__ is dict else {}
