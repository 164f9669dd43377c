"""ccxt.pro's connections and streams become numbers; their messages belong to nobody's trace."""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import ccxt.pro
import pytest
import pytest_asyncio
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from botobs._sdk.instrument.exchange import state
from botobs._sdk.instrument.exchange.clients.ccxt.rest import CcxtRest
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.settings import Settings
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import until
from tests.unit.exchange.conftest import ExchangeRecorder

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

WHO = {"exchange__name": "binance", "exchange__client": "ccxt.pro", "server__address": "127.0.0.1"}


def ticker(**changes: Any) -> dict[str, Any]:
    """A frame of the ticker stream."""
    now = int(time.time() * 1000)
    return {
        "e": "24hrMiniTicker",
        "E": now,
        "s": "BTCUSDT",
        "C": now,
        "c": "100",
        "b": "99",
        "a": "101",
        **changes,
    }


def depth(first: int, last: int, **changes: Any) -> dict[str, Any]:
    """A frame of the book stream."""
    now = int(time.time() * 1000)
    return {"e": "depthUpdate", "E": now, "s": "BTCUSDT", "U": first, "u": last, "b": [], "a": [], **changes}


def kline(start: int) -> dict[str, Any]:
    """A frame of the stream of one-minute candles."""
    prices = dict.fromkeys("ohlcv", "100")
    return {
        "e": "kline",
        "E": start * 1000,
        "s": "BTCUSDT",
        "k": {"t": start * 1000, "s": "BTCUSDT", "i": "1m", **prices},
    }


@pytest.fixture
def instrumentation(recorded: ExchangeRecorder) -> Iterator[CcxtWebSocket]:
    instrumentation = CcxtWebSocket()
    with recorded.watching(instrumentation):
        yield instrumentation


@pytest_asyncio.fixture
async def client(instrumentation: CcxtWebSocket, binance: FakeBinance) -> AsyncIterator[Any]:
    client = ccxt.pro.binance(binance.ccxt_config())
    await client.load_markets()
    yield client
    await client.close()


async def watch_ticker(client: Any, binance: FakeBinance, **changes: Any) -> Any:
    """Watch a ticker and let one arrive."""
    sockets = len(binance.sockets)
    watching = asyncio.ensure_future(client.watch_ticker("BTC/USDT"))
    await until(lambda: (binance.frames and len(binance.sockets) >= max(1, sockets)) or watching.done())
    await binance.send(ticker(e=ticker_event(binance), **changes))
    return await watching


def ticker_event(binance: FakeBinance) -> str:
    """What Binance calls the events of the stream that the client asked for; ccxt's versions ask for different ones."""
    stream = binance.frames[0]["params"][0].partition("@")[2]
    return {"miniTicker": "24hrMiniTicker", "ticker": "24hrTicker"}[stream]


async def test_an_open_connection_counts_its_messages(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    await watch_ticker(client, binance)
    assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
    assert recorded.value("exchange.ws.messages", exchange__ws__direction="sent", **WHO) == 1
    received = recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO)
    assert received >= 2
    assert recorded.value("exchange.ws.bytes", **WHO) > 100
    assert recorded.value("exchange.ws.connect.duration", **WHO) == 1
    assert 0 <= recorded.value("exchange.ws.last_message.age", **WHO) < 60
    (span,) = recorded.named("ws connect binance")
    assert span.status.status_code is StatusCode.UNSET


async def test_a_stream_that_is_unsubscribed_is_not_silent(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(client, "clean_unsubscription"):
        pytest.skip("this ccxt cannot unsubscribe")
    monkeypatch.setattr(state, "SAMPLE_INTERVAL", 0.0)
    for _ in range(3):
        await watch_ticker(client, binance)
    streams = functools.partial(recorded.value, "exchange.ws.streams", exchange__channel="ticker", **WHO)
    assert streams() == 1
    # In some versions, such as 4.4.100, what ends the waiting of others ends this call, too.
    with suppress(ccxt.UnsubscribeError):
        await client.un_watch_ticker("BTC/USDT")
    assert not streams()


async def test_messages_belong_to_no_trace(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    original = type(client).handle_message

    def handle_message(self: Any, connection: Any, message: Any) -> Any:
        seen.append(trace.get_current_span().get_span_context().trace_id)
        return original(self, connection, message)

    monkeypatch.setattr(type(client), "handle_message", handle_message)
    tracer = recorded.telemetry.tracer("test")
    with tracer.start_as_current_span("first caller") as caller:
        await watch_ticker(client, binance)
    await watch_ticker(client, binance)
    assert seen == [0, 0, 0]
    (span,) = recorded.named("ws connect binance")
    assert span.parent is None
    assert [link.context.span_id for link in span.links] == [caller.get_span_context().span_id]


async def test_a_cut_connection_is_lost_and_found_again(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    await watch_ticker(client, binance)
    watching = asyncio.ensure_future(client.watch_ticker("BTC/USDT"))
    await asyncio.sleep(0)
    binance.abort()
    with pytest.raises(ccxt.NetworkError):
        await watching
    assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 1
    lost = {"exchange__ws__close__reason": "remote", "exchange__ws__close__code": "1006"}
    assert recorded.value("exchange.ws.disconnects", **lost, **WHO) == 1
    assert recorded.value("exchange.ws.reconnects", **WHO) is None

    await watch_ticker(client, binance)
    assert recorded.value("exchange.ws.reconnects", **WHO) == 1
    assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 0
    assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) >= 4


async def test_closing_is_no_loss_and_counts_survive_the_client(
    instrumentation: CcxtWebSocket,
    binance: FakeBinance,
    recorded: ExchangeRecorder,
) -> None:
    client = ccxt.pro.binance(binance.ccxt_config())
    await client.load_markets()
    await watch_ticker(client, binance)
    await client.close()
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1
    assert recorded.value("exchange.ws.connections", **WHO) == 0
    received = recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO)
    del client
    await asyncio.sleep(0)
    gc.collect()
    assert recorded.value("exchange.ws.connections", **WHO) is None
    assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) == received


async def test_a_refused_connection_has_an_error_type(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    await binance.stop()
    with pytest.raises(ccxt.NetworkError):
        await client.watch_ticker("BTC/USDT")
    (point,) = [p for p, _ in recorded.points("exchange.ws.connect.duration")]
    assert point["error.type"] in ("ClientConnectorError", "ClientConnectorDNSError")
    (span,) = recorded.named("ws connect binance")
    assert span.status.status_code is StatusCode.ERROR
    assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 1


async def test_an_exception_in_a_handler_is_counted_and_not_swallowed(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    raised: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, details: raised.append(details.get("exception"))
    )
    await watch_ticker(client, binance)
    await binance.send(ticker(e=ticker_event(binance), s=["not", "a", "symbol"]))
    await until(lambda: raised)
    assert recorded.value("exchange.ws.handler.errors", error__type=type(raised[0]).__name__, **WHO) == 1


async def test_a_missing_update_is_counted(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    watching = asyncio.ensure_future(client.watch_order_book("BTC/USDT"))
    await until(lambda: binance.frames)
    for first, last in ((95, 99), (100, 101), (102, 103), (105, 106)):
        await binance.send(depth(first, last, b=[["99.5", "1"]]))
    await watching
    await until(lambda: recorded.value("exchange.orderbook.sequence_checks", exchange__name="binance") == 4)
    assert recorded.value("exchange.orderbook.sequence_gaps", exchange__name="binance") == 1
    check = {"exchange__name": "binance", "exchange__integrity__check": "sequence"}
    assert recorded.value("exchange.integrity.check", exchange__integrity__state="active", **check) == 1
    assert recorded.value("exchange.integrity.check", exchange__integrity__state="unsupported", **check) == 0


async def test_a_crossed_book_is_seen(client: Any, binance: FakeBinance, recorded: ExchangeRecorder) -> None:
    watching = asyncio.ensure_future(client.watch_order_book("BTC/USDT"))
    await until(lambda: binance.frames)
    await binance.send(depth(100, 101, b=[["105", "1"]]))
    await watching

    def crossed() -> Any:
        return recorded.value("exchange.orderbook.crossed", exchange__name="binance")

    number = 101
    while crossed() != 1:
        number += 1
        await binance.send(depth(number, number, b=[["105", "1"]]))
        await client.watch_order_book("BTC/USDT")
    assert recorded.value("exchange.orderbook.crossed.duration", exchange__name="binance") > 0
    while crossed() != 0:
        number += 1
        await binance.send(depth(number, number, b=[["105", "0"], ["99", "1"]]))
        await client.watch_order_book("BTC/USDT")


async def test_age_of_messages_is_corrected_by_the_clock(
    instrumentation: CcxtWebSocket,
    binance: FakeBinance,
    recorded: ExchangeRecorder,
) -> None:
    binance.clock_ahead = 3600.0
    with recorded.watching(CcxtRest()):
        client = ccxt.pro.binance(binance.ccxt_config())
        await client.load_markets()
        await client.fetch_time()
        ahead = int((time.time() + 3600) * 1000)
        await watch_ticker(client, binance, E=ahead, C=ahead)
        await client.close()
    assert -3601 < recorded.value("exchange.clock.offset", exchange__name="binance") < -3599
    assert recorded.value("exchange.ws.message.age", exchange__channel="ticker")
    assert recorded.value("exchange.clock.negative_age") is None


@pytest.mark.parametrize("stamp", ["soon", float("nan"), float("inf"), -5, None, 10**30, 99, True, [1]])
async def test_a_timestamp_that_is_none_is_ignored(
    stamp: Any, client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    await watch_ticker(client, binance)
    before = recorded.value("exchange.ws.message.age")
    (pro_client,) = client.clients.values()
    for key in ("ticker:A", "ticker:B"):
        pro_client.resolve({"symbol": "A", "last": 1, "timestamp": stamp}, key)
    assert recorded.value("exchange.ws.message.age") == before


async def test_a_message_from_the_future_is_counted(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    ahead = int((time.time() + 100) * 1000)
    await watch_ticker(client, binance, E=ahead, C=ahead)
    assert recorded.value("exchange.clock.negative_age", exchange__channel="ticker")
    assert recorded.value("exchange.ws.message.age") is None


async def test_heartbeats_are_timed_and_their_absence_is_counted(
    instrumentation: CcxtWebSocket,
    binance: FakeBinance,
    recorded: ExchangeRecorder,
) -> None:
    client = ccxt.pro.binance(binance.ccxt_config(streaming={"keepAlive": 100}))
    await client.load_markets()
    await watch_ticker(client, binance)
    await until(lambda: recorded.value("exchange.ws.heartbeat.rtt", **WHO))
    binance.answers_pings = False
    with pytest.raises(ccxt.RequestTimeout):
        await client.watch_ticker("BTC/USDT")
    assert recorded.value("exchange.ws.heartbeat.misses", **WHO) == 1
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="keepalive", **WHO) == 1
    await client.close()


async def test_what_is_awaited_in_vain_grows_old(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    await watch_ticker(client, binance)
    watching = asyncio.ensure_future(client.watch_ticker("BTC/USDT"))
    await until(lambda: recorded.value("exchange.ws.awaiting", **WHO) == 1)
    first = recorded.value("exchange.ws.awaiting.age", **WHO)
    await until(lambda: recorded.value("exchange.ws.awaiting.age", **WHO) > first)
    await binance.send(ticker(e=ticker_event(binance)))
    await watching
    assert recorded.value("exchange.ws.awaiting", **WHO) == 0


async def test_candles_have_an_age_once_their_length_is_known(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    who = {"exchange__name": "binance", "exchange__client": "ccxt.pro"}
    newest = int(time.time()) // 60 * 60 - 600
    started = time.time()
    for candles, start in enumerate((newest - 60, newest), 1):
        for _ in range(2):
            watching = asyncio.ensure_future(client.watch_ohlcv("BTC/USDT", "1m"))
            await until(lambda: binance.frames and client.clients)
            (pro_client,) = client.clients.values()
            # Only every 0.1 s an update is looked at closely.
            for stream in pro_client._botobs.streams.values():
                stream.sample_at = 0.0
            await binance.send(kline(start))
            await watching
        assert bool(recorded.value("exchange.ohlcv.age", **who)) == (candles == 2)
    age = recorded.value("exchange.ohlcv.age", **who)
    assert started - newest - 60 <= age <= time.time() - newest - 60


async def test_a_client_made_before_is_watched_and_let_go_again(
    binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    client = ccxt.pro.binance(binance.ccxt_config())
    await client.load_markets()
    await watch_ticker(client, binance)
    (pro_client,) = client.clients.values()
    parts = pro_client.on_message_callback, pro_client.ping, type(pro_client).handle_message
    for total in (1, 2):
        with recorded.watching(CcxtWebSocket()):
            await watch_ticker(client, binance)
            assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) == total
        assert (pro_client.on_message_callback, pro_client.ping, type(pro_client).handle_message) == parts
        await watch_ticker(client, binance)
    await client.close()


@pytest.mark.parametrize("watched", ["BTC/USDT", "ETH/USDT"])
async def test_the_market_is_an_attribute_where_the_settings_name_it(
    binance: FakeBinance, watched: str
) -> None:
    recorded = ExchangeRecorder(Settings(exchange_symbols=(watched,)))
    with recorded.watching(CcxtWebSocket()):
        client = ccxt.pro.binance(binance.ccxt_config())
        await client.load_markets()
        # An answer to a single request is no stream, so a second update has to come.
        while not (points := recorded.points("exchange.ws.stream.age")):
            await watch_ticker(client, binance)
        await client.close()
    ((point, _),) = points
    assert point["exchange.channel"] == "ticker"
    assert point.get("exchange.symbol", "") == ("BTC/USDT" if watched == "BTC/USDT" else "")


async def test_clients_of_several_loops_are_seen_together(
    client: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    open_there, may_close = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        fake = FakeBinance()
        await fake.start()
        other = ccxt.pro.binance(fake.ccxt_config())
        await watch_ticker(other, fake)
        open_there.set()
        await asyncio.to_thread(may_close.wait)
        await other.close()
        await fake.stop()

    def calls() -> None:
        ccxt.binance(binance.ccxt_config()).fetch_ticker("BTC/USDT")

    await watch_ticker(client, binance)
    async with asyncio.TaskGroup() as both:
        # Its loop is its own: `to_thread` runs it beside ours.
        both.create_task(asyncio.to_thread(lambda: asyncio.run(elsewhere())))
        await asyncio.to_thread(open_there.wait)
        await asyncio.to_thread(calls)
        seen = recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO)
        received = recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO)
        may_close.set()
    assert seen == 2
    assert received >= 4
    assert len(recorded.named("ws connect binance")) == 2
    assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
