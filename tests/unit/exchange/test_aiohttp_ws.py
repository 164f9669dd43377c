"""aiohttp's client WebSockets; those of ccxt are left to the instrumentation that sees more."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import ccxt.pro
import pytest
import pytest_asyncio

from botobs._sdk.instrument.exchange import state
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.instrument.exchange.clients.streams.aiohttp_ws import AiohttpWebSocket
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import until
from tests.unit.exchange.conftest import ExchangeRecorder

pytestmark = pytest.mark.asyncio

WHO = {"exchange__client": "aiohttp", "server__address": "127.0.0.1"}


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def url(binance: FakeBinance) -> str:
    """An address with a listen key and a token in it."""
    return f"ws://127.0.0.1:{binance.port}/ws/secret-key?token=secret"


async def test_an_open_connection_counts_what_is_taken(
    session: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(AiohttpWebSocket()):
        async with session.ws_connect(url(binance)) as socket:
            await socket.send_str('{"id": 1}')
            assert await socket.receive_json() == {"id": 1, "result": None}
            assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) == 1
            assert recorded.value("exchange.ws.messages", exchange__ws__direction="sent", **WHO) == 1
            assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1
    assert "secret" not in recorded.everything()


async def test_a_cut_connection_is_lost(
    session: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(AiohttpWebSocket()):
        socket = await session.ws_connect(url(binance))
        await until(lambda: binance.sockets)
        binance.abort()
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="error", **WHO) == 1
        async with session.ws_connect(url(binance)):
            assert recorded.value("exchange.ws.reconnects", **WHO) == 1


async def test_a_message_that_our_side_refuses_is_an_error_and_not_the_exchanges(
    session: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(AiohttpWebSocket()):
        socket = await session.ws_connect(url(binance), max_msg_size=64)
        await until(lambda: binance.sockets)
        await binance.send({"padding": "x" * 1000})
        assert (await socket.receive()).type is aiohttp.WSMsgType.ERROR
        ends = {"exchange__ws__close__reason": "error", "exchange__ws__close__code": "1009"}
        assert recorded.value("exchange.ws.disconnects", **ends, **WHO) == 1


async def test_a_session_that_is_closed_takes_its_sockets_along(
    binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(AiohttpWebSocket()):
        session = aiohttp.ClientSession()
        socket = await session.ws_connect(url(binance))
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
        await session.close()
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 0
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 0
        del socket


async def test_a_mute_socket_is_silent_once_its_rhythm_is_known(
    session: Any, binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "SAMPLE_INTERVAL", 0.0)
    monkeypatch.setattr(state, "SILENCE_MINIMUM", 0.05)
    silent = functools.partial(recorded.value, "exchange.ws.streams.silent", exchange__channel="raw", **WHO)
    with recorded.watching(AiohttpWebSocket()):
        socket = await session.ws_connect(url(binance), autoping=False)
        await until(lambda: binance.sockets)
        for number in range(state.LEARNED - 1):
            await binance.send({"n": number})
            await socket.receive()
        await asyncio.sleep(0.06)
        assert silent() == 0
        await binance.send({"n": state.LEARNED})
        await socket.receive()
        await until(lambda: silent() == 1)
        # A ping is no message.
        await binance.sockets[0].ping()
        assert (await socket.receive()).type is aiohttp.WSMsgType.PING
        assert silent() == 1


async def test_pongs_that_stay_away_are_a_missed_heartbeat(
    session: Any, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    binance.answers_pings = False
    with recorded.watching(AiohttpWebSocket()):
        socket = await session.ws_connect(url(binance), heartbeat=0.1)
        await socket.receive()
        await socket.close()
    assert recorded.value("exchange.ws.heartbeat.misses", **WHO) == 1
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="keepalive", **WHO) == 1


async def test_the_connections_of_ccxt_are_not_counted_twice(
    binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(AiohttpWebSocket()), recorded.watching(CcxtWebSocket()):
        client = ccxt.pro.binance(binance.ccxt_config())
        await client.load_markets()
        watching = asyncio.ensure_future(client.watch_ticker("BTC/USDT"))
        await until(lambda: binance.frames)
        await client.close()
        with pytest.raises((asyncio.CancelledError, ccxt.BaseError)):
            await watching
    assert recorded.value("exchange.ws.connect.duration", exchange__client="ccxt.pro") == 1
    assert recorded.value("exchange.ws.connect.duration", exchange__client="aiohttp") is None
