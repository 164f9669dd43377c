"""How exchanges number the updates of their books, and the checksums that they send, for `trading.feed`.

    feed = trading.feed("binance", channel="orderbook")

    def on_message(message):
        feed.received(message["E"], numbers=sequences.binance(message))

Each function reads one decoded message, and returns None for one that has no numbers. A checksum is made of the book
that the caller keeps:

    feed.checksum(message["checksum"], sequences.kraken_checksum(asks, bids))
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

__all__ = ["Numbers", "binance", "bitget_checksum", "bybit", "kraken_checksum", "okx"]

#: Price and size of one level, as the exchange has written them: a number has lost its zeros.
Level = Sequence[str]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one message.

    Attributes:
        stream: Its subject, such as a market: each is numbered by itself.
        first: The number of the first update in it.
        last: The number of the last.
        previous: The last number of the message before, where the exchange sends it; -1 where there is none.
        starts: It is a snapshot, which needs no message before it.
    """

    stream: str
    first: int
    last: int
    previous: int | None = None
    starts: bool = False

    def missing_after(self, before: int | None) -> int:
        """How many updates are missing between the message with the last number `before` and this one.

        Where the exchange only says which one came before, it is one, however many they are.
        """
        if self.starts or before is None:
            return 0
        if self.previous is not None:
            return int(self.previous not in (before, -1) and self.previous > before)
        return max(0, self.first - before - 1)


def binance(message: Mapping[str, Any]) -> Numbers | None:
    """`depthUpdate`: `U` and `u`, and `pu` of futures; alone, or in the `data` of a combined stream.

    https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
    https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
    """
    event = message.get("data", message)
    if not isinstance(event, Mapping) or event.get("e") != "depthUpdate":
        return None
    return Numbers(str(event.get("s")), int(event["U"]), int(event["u"]), event.get("pu"))


def okx(message: Mapping[str, Any]) -> Numbers | None:
    """`books` and its like: `seqId` and `prevSeqId`, which is -1 in a snapshot. After a maintenance numbers may fall.

    https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
    """
    argument, data = message.get("arg"), message.get("data")
    if not isinstance(argument, Mapping) or not isinstance(data, Sequence) or not data:
        return None
    first, last = data[0], data[-1]
    if "seqId" not in last:
        return None
    stream = f"{argument.get('channel')}:{argument.get('instId')}"
    previous = int(first.get("prevSeqId", -1))
    return Numbers(stream, int(first["seqId"]), int(last["seqId"]), previous, previous == -1)


def bybit(message: Mapping[str, Any]) -> Numbers | None:
    """`orderbook`: `u`. A snapshot starts over, and so does `u` of 1, after a restart of the service.

    https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
    """
    topic, data = message.get("topic"), message.get("data")
    if not isinstance(topic, str) or not topic.startswith("orderbook.") or not isinstance(data, Mapping):
        return None
    number = int(data["u"])
    return Numbers(topic, number, number, None, message.get("type") == "snapshot" or number == 1)


def kraken_checksum(asks: Sequence[Level], bids: Sequence[Level]) -> int:
    """The checksum of the ten best levels of each side, the best first. https://docs.kraken.com/api/docs/guides/spot-ws-book-v2

    Returns:
        As Kraken sends it: without a sign.
    """
    return zlib.crc32(
        "".join(_digits(part) for level in (*asks[:10], *bids[:10]) for part in level[:2]).encode()
    )


def bitget_checksum(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    """The checksum of the 25 best levels of each side, the best first, one of each in turn. OKX has sent the same.

    https://www.bitget.com/api-doc/spot/websocket/public/Depth-Channel

    Returns:
        As Bitget sends it: a signed number of 32 bits.
    """
    levels = zip_longest(bids[:25], asks[:25])
    text = ":".join(part for pair in levels for level in pair if level is not None for part in level[:2])
    unsigned = zlib.crc32(text.encode())
    return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned


def _digits(text: str) -> str:
    return text.replace(".", "").lstrip("0")
