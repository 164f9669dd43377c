"""Sequence numbers and checksums as exchanges send them, told to a feed."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from botobs import trading
from botobs.testing import Capture, capture
from botobs.trading import sequences

pytestmark = pytest.mark.slow


def depth(first: int, last: int, previous: int | None = None, symbol: str = "BTCUSDT") -> dict[str, Any]:
    reported = {"e": "depthUpdate", "E": 1, "s": symbol, "U": first, "u": last}
    return reported if previous is None else reported | {"pu": previous}


def book(previous: int, number: int) -> dict[str, Any]:
    argument = {"channel": "books", "instId": "BTC-USDT"}
    return {"arg": argument, "data": [{"seqId": number, "prevSeqId": previous}]}


def change(number: int, kind: str = "delta") -> dict[str, Any]:
    return {"topic": "orderbook.50.BTCUSDT", "type": kind, "data": {"u": number}}


@pytest.mark.parametrize(
    ("read", "messages", "gaps", "missed"),
    [
        (sequences.binance, [depth(1, 4), depth(5, 5), depth(6, 9)], 0, 0),
        (sequences.binance, [depth(1, 4), {"stream": "x", "data": depth(7, 9)}], 1, 2),
        # Subscribed to at two speeds, the same update comes twice.
        (sequences.binance, [depth(1, 4), depth(3, 6), depth(7, 8)], 0, 0),
        (sequences.binance, [depth(1, 4), depth(9, 9, symbol="ETHUSDT"), depth(5, 6)], 0, 0),
        # Futures skip numbers, and say which message came before.
        (sequences.binance, [depth(1, 4, 0), depth(10, 14, 4), depth(20, 24, 14)], 0, 0),
        (sequences.binance, [depth(1, 4, 0), depth(20, 24, 14)], 1, 1),
        (sequences.okx, [book(-1, 10), book(10, 15), book(15, 15), book(15, 3), book(3, 7)], 0, 0),
        (sequences.okx, [book(-1, 10), book(12, 15)], 1, 1),
        (sequences.okx, [book(-1, 10), book(-1, 99), book(99, 100)], 0, 0),
        (sequences.bybit, [change(5, "snapshot"), change(6), change(7)], 0, 0),
        (sequences.bybit, [change(5, "snapshot"), change(6), change(9)], 1, 2),
        (sequences.bybit, [change(5, "snapshot"), change(90, "snapshot"), change(91)], 0, 0),
        (sequences.bybit, [change(5, "snapshot"), change(1), change(2)], 0, 0),
    ],
)
def test_what_is_missing_is_counted(read: Any, messages: list[Any], gaps: int, missed: int) -> None:
    with capture() as seen:
        feed = trading.feed("x", channel="orderbook")
        for message in messages:
            feed.received(numbers=read(message))
        assert seen.value("botobs.feed.messages") == len(messages)
        assert seen.value("botobs.feed.sequence_gaps") == gaps
        assert seen.value("botobs.feed.messages.missed") == missed


@pytest.mark.parametrize("read", [sequences.binance, sequences.okx, sequences.bybit])
@pytest.mark.parametrize("message", [{}, {"e": "trade"}, {"topic": "tickers.X"}, {"arg": {}, "data": []}])
def test_other_messages_have_no_numbers(read: Any, message: dict[str, Any]) -> None:
    assert read(message) is None


def test_what_was_sent_while_nobody_listened_is_no_gap() -> None:
    with capture() as seen:
        feed = trading.feed("x", channel="orderbook")
        feed.received(numbers=sequences.binance(depth(1, 4)))
        feed.reconnected()
        feed.received(numbers=sequences.binance(depth(100, 104)))
        assert seen.value("botobs.feed.sequence_gaps") == 0


def test_krakens_checksum_is_that_of_its_documentation() -> None:
    asks = [(f"0.0{price}", "0.00000500") for price in range(5005, 5051, 5)]
    bids = [(f"0.0{price}", "0.00000500") for price in (5000, 4995, 4990, *range(4980, 4945, -5))]
    assert sequences.kraken_checksum(asks, bids) == 974947235
    assert sequences.kraken_checksum([*asks, ("9", "9")], [*bids, ("1", "1")]) == 974947235


def test_bitgets_checksum_is_that_of_ccxt() -> None:
    asks, bids = [("21041.11", "0.0445"), ("21041.16", "0.0411")], [("21040.76", "0.0417")]
    text = "21040.76:0.0417:21041.11:0.0445:21041.16:0.0411"
    assert sequences.bitget_checksum(bids, asks) == ccxt.Exchange.crc32(text, True)
    assert sequences.bitget_checksum(bids * 25, asks[:1] * 30) == sequences.bitget_checksum(
        bids * 30, asks[:1] * 25
    )


def failures(seen: Capture) -> float:
    return seen.value("botobs.feed.checksum_failures")


def test_a_wrong_checksum_is_counted() -> None:
    with capture() as seen:
        feed = trading.feed("kraken", channel="orderbook")
        assert feed.checksum(7, 7)
        assert failures(seen) == 0
        assert feed.checksum(7, 8) is False
        assert failures(seen) == 1
