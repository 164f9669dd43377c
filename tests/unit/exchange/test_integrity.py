"""Sequence numbers in the dialects of five exchanges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.instrument.exchange.integrity import checks, sequence_check

pytestmark = pytest.mark.slow


def gaps(exchange: str, *messages: Any) -> list[int | None]:
    check = sequence_check(exchange)
    assert check is not None
    return [check(message) for message in messages]


def binance(first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"e": "depthUpdate", "s": "BTCUSDT", "U": first, "u": last, **more}


def bybit(number: int, kind: str = "delta") -> dict[str, Any]:
    return {
        "topic": "orderbook.50.BTCUSDT",
        "type": kind,
        "data": {"s": "BTCUSDT", "u": number, "seq": number * 7},
    }


def okx(number: int, previous: int) -> dict[str, Any]:
    arg = {"channel": "books", "instId": "BTC-USDT"}
    return {"arg": arg, "action": "update", "data": [{"seqId": number, "prevSeqId": previous}]}


def deribit(number: int, previous: int | None = None) -> dict[str, Any]:
    data = {
        "type": "snapshot" if previous is None else "change",
        "change_id": number,
        "prev_change_id": previous,
    }
    return {"method": "subscription", "params": {"channel": "book.BTC-PERPETUAL.100ms", "data": data}}


def test_binance_spot() -> None:
    assert gaps("binance", binance(1, 5), binance(6, 7), binance(9, 9), binance(10, 11)) == [0, 0, 1, 0]


def test_binance_futures_name_the_update_before() -> None:
    first, second, third = binance(1, 5, pu=0), binance(8, 9, pu=5), binance(12, 13, pu=11)
    assert gaps("binanceusdm", first, second, third) == [0, 0, 1]


def test_binance_at_two_speeds_has_no_gaps() -> None:
    assert gaps("binance", binance(1, 5), binance(6, 7), binance(1, 7), binance(8, 9)) == [0, 0, 0, 0]


def test_binance_in_a_combined_stream_and_two_symbols() -> None:
    messages = [{"stream": "x", "data": binance(1, 5)}, binance(90, 91, s="ETHUSDT"), {"data": binance(7, 8)}]
    assert gaps("binance", *messages) == [0, 0, 1]


def test_bybit() -> None:
    snapshot = bybit(10, "snapshot")
    assert gaps("bybit", snapshot, bybit(11), bybit(14), bybit(1, "snapshot"), bybit(2)) == [0, 0, 2, 0, 0]


def test_okx() -> None:
    messages = [okx(10, -1), okx(15, 10), okx(15, 15), okx(20, 17), okx(3, 20), okx(9, -1)]
    assert gaps("okx", *messages) == [0, 0, 0, 1, 0, 0]


def test_deribit() -> None:
    messages = [deribit(10), deribit(14, 10), deribit(30, 20), deribit(90), deribit(91, 90)]
    assert gaps("deribit", *messages) == [0, 0, 1, 0, 0]


def test_kraken() -> None:
    private = [[[], "openOrders", {"sequence": number}] for number in (1, 2, 5)]
    assert gaps("kraken", *private) == [0, 0, 2]
    executions = [{"channel": "executions", "type": "update", "sequence": number} for number in (1, 2, 4)]
    assert gaps("kraken", *executions) == [0, 0, 1]
    snapshot = {"feed": "book_snapshot", "product_id": "PI_XBTUSD", "seq": 7}
    books = [{"feed": "book", "product_id": "PI_XBTUSD", "seq": number} for number in (8, 10)]
    assert gaps("krakenfutures", snapshot, *books) == [0, 0, 1]


def test_a_new_subscription_begins_anywhere() -> None:
    check = sequence_check("bybit")
    assert check is not None
    check(bybit(10))
    check.restart()
    assert check(bybit(99)) == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "arg",
    "data",
    "e",
    "feed",
    "params",
    "product_id",
    "s",
    "seq",
    "seqId",
    "prevSeqId",
    "sequence",
    "topic",
    "u",
)


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx", "deribit", "kraken"])
@given(messages=st.lists(JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6), max_size=5))
def test_malformed_frames_are_ignored(exchange: str, messages: list[Any]) -> None:
    check = sequence_check(exchange)
    assert check is not None
    for message in [
        *messages,
        {"e": "depthUpdate", "u": "7"},
        {"topic": "orderbook.1.X", "data": {"u": True}},
    ]:
        missing = check(message)
        assert missing is None or missing >= 0


def test_thousands_of_symbols_are_bounded() -> None:
    check = sequence_check("binance")
    assert check is not None
    for number in range(20_000):
        assert check(binance(1, 5, s=f"S{number}")) == 0
        check.trim()
    assert len(check.last) <= 8192


def test_what_is_not_checked_is_said() -> None:
    assert sequence_check("coinbase") is None
    assert checks("coinbase", "ccxt.pro") == {
        "sequence": False,
        "checksum": False,
        "crossed": True,
        "empty_side": True,
        "frozen": True,
        "silence": True,
    }
    assert not any(checks("binance", "websockets").values())
    # Kraken numbers its private feeds, which are checked, and not its spot books, which the check speaks of.
    assert sequence_check("kraken") is not None
    assert checks("kraken", "ccxt.pro")["sequence"] is False
    assert checks("krakenfutures", "ccxt.pro")["sequence"] is True
