"""Checks of market data that the client libraries do not make.

What is checked here, on every exchange: books that are crossed, lack a side or stand still (`book`), and streams that
have gone silent (`state`). What differs per exchange is its sequence numbers, one dialect a module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import binance, bybit, deribit, kraken, okx

#: Compares a decoded message with the one before it. Given the last numbers by stream, which it keeps up to date, it
#: returns how many messages are missing, or None if the message has no sequence number.
Dialect = Callable[[dict[Any, int], Any], int | None]

_DIALECTS: dict[str, Dialect] = {
    "binance": binance.missing,
    "binanceus": binance.missing,
    "binanceusdm": binance.missing,
    "binancecoinm": binance.missing,
    "bybit": bybit.missing,
    "deribit": deribit.missing,
    "kraken": kraken.missing,
    "krakenfutures": kraken.missing,
    "myokx": okx.missing,
    "okx": okx.missing,
    "okxus": okx.missing,
}

#: Exchanges that number their private feeds alone: their books can miss updates unseen.
_BOOKS_WITHOUT_NUMBERS = frozenset({"kraken"})
#: Exchanges whose books ccxt.pro checks itself, from its sources; a failure reaches us as an exception.
_CHECKSUM_BY_CCXT = frozenset({"bitfinex", "bitget", "cryptocom", "htx", "independentreserve"})
_SEQUENCE_BY_CCXT = frozenset(
    {
        "backpack",
        "binance",
        "binancecoinm",
        "binanceus",
        "binanceusdm",
        "bitstamp",
        "cex",
        "extended",
        "gate",
        "htx",
    }
    | {"kucoin", "luno", "mexc", "myokx", "nado", "okx", "okxus", "xt"}
)
#: Clients whose messages are decoded where we can see them; those that describe themselves are added.
DECODED = {"ccxt.pro", "python_binance"}
#: Numbers that one connection remembers.
_MAXIMUM_STREAMS = 8192


def sequence_check(exchange: str) -> SequenceCheck | None:
    """A check for one connection to `exchange`; None if its dialect is not known."""
    dialect = _DIALECTS.get(exchange)
    return None if dialect is None else SequenceCheck(dialect)


class SequenceCheck:
    """Remembers the last sequence numbers of one connection.

    Attributes:
        dialect: How the exchange numbers its messages.
        last: The numbers so far, by stream; given to `dialect` with every message.
    """

    __slots__ = ("dialect", "last")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.last: dict[Any, int] = {}

    def __call__(self, message: Any) -> int | None:
        """Messages that are missing before `message`; None if it has no sequence number."""
        return self.dialect(self.last, message)

    def restart(self) -> None:
        """Forget everything: a new connection or subscription begins anywhere."""
        self.last.clear()

    def trim(self) -> None:
        """Forget everything if it is too much; called now and then."""
        if len(self.last) > _MAXIMUM_STREAMS:
            self.last.clear()


def checks(exchange: str, client: str) -> Mapping[str, bool]:
    """Which checks are made of the data of `exchange` when it comes through `client`."""
    decoded = client in DECODED
    by_ccxt = client == "ccxt.pro"
    by_us = decoded and exchange in _DIALECTS and exchange not in _BOOKS_WITHOUT_NUMBERS
    return {
        "sequence": by_us or (by_ccxt and exchange in _SEQUENCE_BY_CCXT),
        "checksum": by_ccxt and exchange in _CHECKSUM_BY_CCXT,
        "crossed": by_ccxt,
        "empty_side": by_ccxt,
        "frozen": by_ccxt,
        "silence": decoded,
    }
