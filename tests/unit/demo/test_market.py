from __future__ import annotations

import random
from decimal import Decimal
from itertools import pairwise

import pytest

from botobs._demo.exchange_simulator.candles import MINUTE, Candles, span
from botobs._demo.exchange_simulator.instruments import instrument
from botobs._demo.exchange_simulator.market import DEPTH, BookChange, Levels, Market

NOW = 1_700_000_000_000


def make(seed: int = 1) -> Market:
    return Market(instrument("BTC/USDT"), random.Random(seed), NOW)


def apply(side: Levels, changes: Levels) -> Levels:
    merged = side | changes
    return {level: size for level, size in merged.items() if size}


def test_the_same_seed_makes_the_same_market() -> None:
    first, second, other = make(1), make(1), make(2)
    for market in (first, second, other):
        for step in range(50):
            market.step(NOW + step)
    assert first.book() == second.book()
    assert list(first.trades) == list(second.trades)
    assert first.book() != other.book()


def test_a_book_is_never_crossed_and_keeps_its_depth() -> None:
    market = make()
    for step in range(500):
        market.step(NOW + step)
        book = market.book()
        assert max(book.bids) < min(book.asks)
        assert len(book.bids) == len(book.asks) == DEPTH


def test_a_book_is_crossed_on_demand() -> None:
    book = make().book(crossed=True)
    assert max(book.bids) > min(book.asks)


def test_published_changes_add_up_to_the_book() -> None:
    market = make()
    before = market.published
    changes: list[BookChange] = []
    for step in range(100):
        market.step(NOW + step)
        if step % 3 == 0:
            changes.append(market.publish())
    bids, asks = before.bids, before.asks
    for change in changes:
        bids, asks = apply(bids, change.bids), apply(asks, change.asks)
    assert (bids, asks) == (market.published.bids, market.published.asks)
    assert changes[0].previous == before.sequence
    assert all(one.sequence == next_.previous for one, next_ in pairwise(changes))
    assert all(one.sequence > one.previous for one in changes)


def test_new_trades_are_taken_once() -> None:
    market = make()
    trade = market.trade(NOW, "buy", Decimal(60_000), Decimal("0.1"))
    assert market.drain_new_trades() == [trade]
    assert market.drain_new_trades() == []


def test_candles_take_in_trades_and_fill_quiet_minutes() -> None:
    candles = Candles(100.0, random.Random(1), NOW)
    start = NOW - NOW % MINUTE
    candles.add(start + 3 * MINUTE, 130.0, 2.0)
    candles.add(start + 3 * MINUTE + 1, 90.0, 3.0)
    last, quiet = candles.spans(MINUTE)[-1], candles.spans(MINUTE)[-2]
    assert (last.timestamp, last.open, last.high, last.low, last.close, last.volume) == (
        start + 3 * MINUTE,
        130.0,
        130.0,
        90.0,
        90.0,
        5.0,
    )
    assert (quiet.timestamp, quiet.open, quiet.close, quiet.volume) == (start + 2 * MINUTE, 100.0, 100.0, 0.0)


def test_longer_candles_join_the_minutes() -> None:
    candles = Candles(100.0, random.Random(1), NOW)
    minutes, joined = candles.spans(MINUTE), candles.spans(5 * MINUTE)
    whole = joined[1]
    parts = [c for c in minutes if whole.timestamp <= c.timestamp < whole.timestamp + 5 * MINUTE]
    assert len(parts) == 5
    assert whole.open == parts[0].open
    assert whole.close == parts[-1].close
    assert whole.high == max(part.high for part in parts)
    assert whole.low == min(part.low for part in parts)
    assert all(b.timestamp - a.timestamp == 5 * MINUTE for a, b in pairwise(joined))


def test_candles_are_chosen_by_time() -> None:
    candles = Candles(100.0, random.Random(1), NOW)
    third, fourth = candles.spans(MINUTE)[2:4]
    chosen = candles.spans(MINUTE, since=third.timestamp, until=fourth.timestamp)
    assert [candle.timestamp for candle in chosen] == [third.timestamp]


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("15m", 15), ("4h", 240), ("1H", 60), ("1d", 1440), ("1Dutc", 1440)]
)
def test_lengths_of_candles(text: str, minutes: int) -> None:
    assert span(text) == minutes * MINUTE


@pytest.mark.parametrize("text", ["", "m", "0m", "1x", "-1m", "1.5h"])
def test_no_lengths_of_candles(text: str) -> None:
    with pytest.raises(ValueError, match="is not the length of a candle"):
        span(text)


@pytest.mark.parametrize(("symbol", "tick"), [("BTC/USDT", "1"), ("ETH/USDT", "0.1"), ("XYZ/EUR", "0.0001")])
def test_ticks_follow_the_price(symbol: str, tick: str) -> None:
    assert instrument(symbol).tick == Decimal(tick)


@pytest.mark.parametrize("symbol", ["BTC", "/USDT", "BTC/", ""])
def test_symbols_that_are_none(symbol: str) -> None:
    with pytest.raises(ValueError, match="BASE/QUOTE"):
        instrument(symbol)
