"""Streams learn their rhythm, and silence is told from quiet."""

from __future__ import annotations

import asyncio
import functools
import gc
import time
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.instrument.exchange._observe import _awaiting_age
from botobs._sdk.instrument.exchange.state import MAXIMUM_STREAMS, Connection, Exchange, Stream
from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry
from tests.unit.exchange.conftest import ExchangeRecorder


def stream(gaps: list[float], channel: str = "orderbook") -> Stream:
    """A stream after updates with these pauses between them."""
    made = Stream(channel, 1000.0)
    now = 1000.0
    made.touch(now)
    for gap in gaps:
        now += gap
        made.touch(now)
    return made


def test_a_busy_stream_is_silent_after_half_a_minute() -> None:
    busy = stream([0.2] * 100)
    assert not busy.is_silent(busy.last + 29)
    assert busy.is_silent(busy.last + 31)


def test_a_quiet_market_is_not_silent_at_its_own_pace() -> None:
    quiet = stream([5, 60, 110, 20, 90, 100, 45, 120, 80, 70])
    assert not quiet.is_silent(quiet.last + 500)
    assert quiet.is_silent(quiet.last + 601)


def test_a_market_that_falls_asleep_is_learned_on_the_way() -> None:
    sleepy = Stream("trades", 0.0)
    now, gap = 0.0, 0.1
    while gap < 3600:
        now += gap
        assert not sleepy.is_silent(now)
        sleepy.touch(now)
        gap *= 1.5


def test_a_long_pause_is_forgotten() -> None:
    recovered = stream([100] + [1.0] * 20_000)
    assert recovered.is_silent(recovered.last + 60)


def test_before_the_rhythm_is_known_silence_takes_longer() -> None:
    fresh = stream([0.2] * 3)
    assert not fresh.is_silent(fresh.last + 299)
    assert fresh.is_silent(fresh.last + 301)


@pytest.mark.parametrize("channel", ["orders", "my_trades", "balance", "positions", "other"])
def test_events_of_the_account_may_stay_away(channel: str) -> None:
    assert not stream([0.1] * 50, channel).is_silent(1e9)


def test_a_timestamp_that_stands_still_is_frozen() -> None:
    frozen = stream([1.0] * 60)
    frozen.timestamp, frozen.timestamp_since = 1.7e9, frozen.last - 31
    assert frozen.is_frozen(frozen.last)
    frozen.timestamp_since = frozen.last - 29
    assert not frozen.is_frozen(frozen.last)


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_the_longest_pause_is_never_negative(gaps: list[float]) -> None:
    assert 0 <= stream(gaps).longest_pause <= max(gaps, default=0) + 1


def test_streams_of_a_connection_are_bounded(long: bool) -> None:
    connection = Connection(Exchange("x"), ("x", "ccxt.pro", "host"))
    for number in range(MAXIMUM_STREAMS + (MAXIMUM_STREAMS if long else 100)):
        connection.stream(number, "ticker", 1.0).touch(1.0)
        connection.stream(number, "ticker", 1.0).touch(2.0)
    assert len(connection.streams) == MAXIMUM_STREAMS


def test_answers_to_single_requests_make_room() -> None:
    connection = Connection(Exchange("x"), ("x", "ccxt.pro", "host"))
    connection.stream("book", "orderbook", 1.0).touch(1.0)
    connection.stream("book", "orderbook", 1.0).touch(2.0)
    for number in range(3 * MAXIMUM_STREAMS):
        connection.stream(number, "other", 1.0).touch(1.0)
    assert "book" in connection.streams
    assert [live.channel for live in connection.live_streams()] == ["orderbook"]


class Owner:
    """Anything that can be referred to weakly."""


def test_exchanges_and_connections_are_bounded(recorded: ExchangeRecorder) -> None:
    exchanges = ExchangeTelemetry(recorded.telemetry)
    owners = [Owner() for _ in range(2100)]
    for number, owner in enumerate(owners):
        exchanges.connection(owner, f"exchange{number}", "ccxt.pro", f"host{number}")
    keys = {connection.key for connection in exchanges.live_connections()}
    assert len({name for name, _, _ in keys}) == 201
    assert len({host for _, _, host in keys}) == 2001


def test_counts_survive_the_end_of_their_connection(recorded: ExchangeRecorder) -> None:
    exchanges = ExchangeTelemetry(recorded.telemetry)
    owner: Any = Owner()
    connection = exchanges.connection(owner, "binance", "ccxt.pro", "host")
    connection.messages = 5
    assert recorded.value("exchange.ws.messages", exchange__ws__direction="received") == 5
    del owner
    gc.collect()
    assert recorded.value("exchange.ws.messages", exchange__ws__direction="received") == 5
    assert exchanges.live_connections() == []


@pytest.mark.asyncio
async def test_what_has_come_and_is_awaited_again_is_young() -> None:
    """The next future of a stream mostly lies where the last one lay."""

    class Client:
        futures: dict[str, asyncio.Future[None]]

    client = Client()
    client.futures = {}
    connection = Connection(Exchange("binance"), ("binance", "ccxt.pro", ""))
    connection.client = weakref.ref(client)
    for _ in range(10):
        client.futures["ticker"] = asyncio.get_running_loop().create_future()
        assert _awaiting_age(connection) == 0
        client.futures.clear()


def test_the_oldest_balance_of_all_accounts_counts_until_its_client_is_gone(
    recorded: ExchangeRecorder,
) -> None:
    class Client:
        """One account's client."""

    exchange = ExchangeTelemetry(recorded.telemetry).exchange("binance")
    stale, fresh = Client(), Client()
    now = time.monotonic()
    exchange.balance_received("ccxt.sync", "rest", stale, now - 100)
    exchange.balance_received("ccxt.sync", "rest", fresh, now)
    age = functools.partial(recorded.value, "exchange.balance.age", exchange__name="binance")
    assert age() >= 100
    del stale
    gc.collect()
    assert age() < 100
