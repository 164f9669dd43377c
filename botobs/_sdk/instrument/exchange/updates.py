"""A closer look at what a stream delivers: its age, its clock, its book, its orders. Sampled, not per message."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ....semconv import exchange as semconv
from ...orders import UNSETTLED
from ...urgent import report_soon
from .settling import settle_from
from .state import Connection, Stream
from .telemetry import ExchangeTelemetry

#: Seconds; a timestamp that is older is no measurement of a delay.
_LONGEST_AGE = 86400.0
_PREFIXES = (
    ("orderbook", ("orderbook", "book", "depth")),
    ("trades", ("trade",)),
    ("ohlcv", ("ohlcv", "kline", "candle")),
    ("ticker", ("ticker", "bidask", "bidsasks")),
)


def updated(exchanges: ExchangeTelemetry, connection: Connection, key: Any, result: Any, now: float) -> None:
    """Take an update of the stream `key` into account; what goes wrong is counted by the instrumentation that calls.

    Args:
        exchanges: Where measurements go.
        connection: Where the update came from.
        key: ccxt's message hash; stays in this process.
        result: The unified object.
        now: Monotonic time of its frame.
    """
    stream = connection.streams.get(key)
    if stream is None:
        stream = connection.stream(key, _channel(result, key), now)
    if not stream.samples:
        _name_symbol(exchanges, stream, result)
    stream.touch(now)
    if stream.channel == "orders":
        # Each update of an order matters, so the next one is looked at too.
        stream.sample_at = 0.0
        if UNSETTLED.waiting:
            settle_from(connection.key[0], result)
        exchanges.orders.update_all(connection.key[0], result)
    elif stream.channel == "my_trades":
        # So does each fill, which may be the only update of an order.
        stream.sample_at = 0.0
        if UNSETTLED.waiting:
            settle_from(connection.key[0], result, trades=True)
    elif stream.channel == "balance":
        owner = connection.owner() if connection.owner is not None else connection
        connection.exchange.balance_received(connection.key[1], "ws", owner, now)
    elif stream.channel == "orderbook" and "bids" in result:
        _look_at_book(stream, result, now)
    elif stream.channel == "ohlcv":
        _look_at_candles(stream, result)
        return
    _look_at_clock(exchanges, connection, stream, result, now)
    if stream.channel == "orderbook":
        _tell_wrong_book(stream, now)


def _channel(result: Any, key: Any) -> str:
    """What kind of data a result is: by its own shape, since message hashes are spelled differently everywhere."""
    sample = _newest(result)
    if isinstance(sample, Mapping):
        if "bids" in sample and "asks" in sample:
            return "orderbook"
        if "status" in sample and "filled" in sample:
            return "orders"
        if "takerOrMaker" in sample:
            return "my_trades" if sample.get("order") is not None else "trades"
        if "contracts" in sample and "entryPrice" in sample:
            return "positions"
        if "bidVolume" in sample or "last" in sample:
            return "ticker"
        if "free" in sample and "total" in sample:
            return "balance"
    elif isinstance(sample, Sequence) and not isinstance(sample, str) and len(sample) >= 6:
        return "ohlcv"
    text = str(key).lower()
    return next((channel for channel, starts in _PREFIXES if text.startswith(starts)), "other")


def _newest(result: Any) -> Any:
    """The newest element of a list, the first value of a dictionary by symbol, or the result itself."""
    if isinstance(result, list):
        return result[-1] if result else None
    if isinstance(result, Mapping) and result and "info" not in result and "symbol" not in result:
        first = next(iter(result.values()))
        if isinstance(first, Mapping):
            return first
    return result


def _name_symbol(exchanges: ExchangeTelemetry, stream: Stream, result: Any) -> None:
    if exchanges.symbols:
        sample = _newest(result)
        symbol = sample.get("symbol") if isinstance(sample, Mapping) else None
        stream.symbol = symbol if symbol in exchanges.symbols else ""


def _look_at_clock(
    exchanges: ExchangeTelemetry, connection: Connection, stream: Stream, result: Any, now: float
) -> None:
    sample = _newest(result)
    if not isinstance(sample, Mapping):
        return
    stamp: Any = sample.get("lastUpdateTimestamp") or sample.get("timestamp")
    if not _is_number(stamp) or not 1e11 < stamp < 1e14:
        return
    timestamp = stamp / 1000
    if timestamp != stream.timestamp:
        stream.timestamp = timestamp
        stream.timestamp_since = now
    clock = connection.exchange.clock
    age = clock.age(timestamp, time.time() - (time.monotonic() - now))
    attributes = {semconv.NAME: connection.key[0], semconv.CHANNEL: stream.channel}
    if age < 0 and not (clock.known and -age <= clock.uncertainty):
        exchanges.negative_age.add(1, attributes)
    elif age < _LONGEST_AGE:
        exchanges.message_age.record(max(0.0, age), {**attributes, semconv.CLIENT: connection.key[1]})


def _look_at_book(stream: Stream, book: Any, now: float) -> None:
    bids, asks = book.get("bids"), book.get("asks")
    stream.empty = not bids or not asks
    crossed = False
    if not stream.empty:
        bid, ask = bids[0][0], asks[0][0]
        crossed = _is_number(bid) and _is_number(ask) and bid > ask
    if not crossed:
        stream.crossed_since = 0.0
    elif not stream.crossed_since:
        stream.crossed_since = now


def _tell_wrong_book(stream: Stream, now: float) -> None:
    """Export metrics at once when a book becomes wrong, because bots trade on it."""
    wrong = stream.is_crossed_long(now) or stream.is_frozen(now)
    if wrong and not stream.reported:
        report_soon()
    stream.reported = wrong


def _look_at_candles(stream: Stream, result: Any) -> None:
    """The newest candle's end, with the distance between the last two as the timeframe.

    Clients that watch several markets at once deliver `[symbol, timeframe, candles]`.
    """
    candles = result[-1] if _is_triple(result) else result
    if not isinstance(candles, list) or len(candles) < 2:
        # The end of a candle is not known from one alone.
        return
    before, newest = (candle[0] for candle in candles[-2:])
    if not (_is_number(before) and _is_number(newest)) or not 1e11 < newest < 1e14:
        return
    stream.candle_end = (newest + max(0, newest - before)) / 1000


def _is_triple(result: Any) -> bool:
    return isinstance(result, list) and len(result) == 3 and isinstance(result[0], str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
