"""Connections of websocket-client: plain sockets, and the app that reconnects by itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import websocket
import websockets.asyncio.server

from botobs._sdk.instrument.exchange.clients.streams.websocket_client import WebsocketClient
from tests.support.waiting import until
from tests.unit.exchange.conftest import ExchangeRecorder

#: websocket-client leaves sockets open that the other side has dropped.
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

WHO = {"exchange__client": "websocket_client", "server__address": "127.0.0.1"}
RECEIVED = {"exchange__ws__direction": "received", **WHO}


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    async def handle(connection: Any) -> None:
        await connection.send("hello")
        async for message in connection:
            if message == "close":
                await connection.close(4001, "asked for")
            elif message == "abort":
                connection.transport.abort()
            elif message == "mute":
                connection.transport.pause_reading()
            else:
                await connection.send(message)

    async with websockets.asyncio.server.serve(
        handle, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1
    ) as listener:
        yield f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/ws/secret-listen-key?token=secret"


def ends(recorded: ExchangeRecorder, reason: str, code: str | None = None) -> Any:
    wanted = {"exchange__ws__close__reason": reason} | ({"exchange__ws__close__code": code} if code else {})
    return recorded.value("exchange.ws.disconnects", **wanted, **WHO)


def converse(url: str, *messages: str) -> websocket.WebSocket:
    socket = websocket.create_connection(url)
    socket.recv()
    for message in messages:
        socket.send(message)
    return socket


async def test_an_open_connection_counts_its_messages(url: str, recorded: ExchangeRecorder) -> None:
    with recorded.watching(WebsocketClient()):
        socket = await asyncio.to_thread(converse, url, "abc")
        assert await asyncio.to_thread(socket.recv) == "abc"
        assert recorded.value("exchange.ws.messages", **RECEIVED) == 2
        assert recorded.value("exchange.ws.bytes", **RECEIVED) == 8
        assert recorded.value("exchange.ws.messages", exchange__ws__direction="sent", **WHO) == 1
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
        await asyncio.to_thread(socket.close)
        assert ends(recorded, "user", "1000") == 1
    assert "secret" not in recorded.everything()


async def test_a_plain_connection_that_is_lost_is_not_the_programs_doing(
    url: str, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(WebsocketClient()):
        socket = await asyncio.to_thread(converse, url, "abort")
        with pytest.raises((websocket.WebSocketException, OSError)):
            await asyncio.to_thread(socket.recv)
        await asyncio.to_thread(socket.close)
        assert ends(recorded, "error", "1006") == 1
        assert ends(recorded, "user") is None
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 1


async def test_what_is_closed_late_does_not_close_what_was_opened_in_its_place(
    url: str, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(WebsocketClient()):
        lost = await asyncio.to_thread(converse, url, "abort")
        with pytest.raises((websocket.WebSocketException, OSError)):
            await asyncio.to_thread(lost.recv)
        again = await asyncio.to_thread(converse, url)
        await asyncio.to_thread(lost.close)
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
        await asyncio.to_thread(again.close)
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 0


async def test_a_close_frame_that_the_program_sends_is_its_doing(
    url: str, recorded: ExchangeRecorder
) -> None:
    """As binance-connector closes; the other side answers it."""
    with recorded.watching(WebsocketClient()):
        socket = await asyncio.to_thread(converse, url)
        await asyncio.to_thread(socket.send_close)
        await asyncio.to_thread(socket.recv_data_frame, True)
        assert ends(recorded, "user", "1000") == 1
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 0
        await asyncio.to_thread(socket.shutdown)


@pytest.mark.parametrize(
    ("message", "reason", "code"), [("close", "remote", "4001"), ("abort", "error", "1006")]
)
async def test_who_ended_it(
    url: str, recorded: ExchangeRecorder, message: str, reason: str, code: str
) -> None:
    def until_the_end() -> None:
        app.run_forever()

    app = websocket.WebSocketApp(url, on_open=lambda app: app.send(message))
    with recorded.watching(WebsocketClient()):
        await asyncio.to_thread(until_the_end)
        assert ends(recorded, reason, code) == 1
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 1


async def test_an_app_that_reconnects(url: str, recorded: ExchangeRecorder) -> None:
    opened = threading.Semaphore(0)

    def on_open(app: Any) -> None:
        opened.release()
        app.send("abort")

    with recorded.watching(WebsocketClient()):
        app = websocket.WebSocketApp(url, on_open=on_open, on_reconnect=on_open)
        running = asyncio.create_task(asyncio.to_thread(app.run_forever, reconnect=0.01))  # type: ignore[arg-type]
        for _ in range(3):
            await asyncio.to_thread(opened.acquire)
        await until(lambda: (recorded.value("exchange.ws.reconnects", **WHO) or 0) >= 2)
        app.keep_running = False
        app.close()
        await running
        assert ends(recorded, "error", "1006") >= 2


async def test_pongs_that_stay_away(url: str, recorded: ExchangeRecorder) -> None:
    app = websocket.WebSocketApp(url, on_open=lambda app: app.send("mute"))
    with recorded.watching(WebsocketClient()):
        await asyncio.to_thread(app.run_forever, ping_interval=0.2, ping_timeout=0.1)
        assert ends(recorded, "keepalive") == 1
        assert recorded.value("exchange.ws.heartbeat.misses", **WHO) == 1


async def test_the_program_ends_it(url: str, recorded: ExchangeRecorder) -> None:
    app = websocket.WebSocketApp(url, on_message=lambda app, _: app.close())
    with recorded.watching(WebsocketClient()):
        await asyncio.to_thread(app.run_forever)
        assert ends(recorded, "user") == 1
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 0


async def test_a_refused_connection(recorded: ExchangeRecorder) -> None:
    with recorded.watching(WebsocketClient()):
        with pytest.raises(OSError, match="refused"):
            await asyncio.to_thread(websocket.create_connection, "ws://127.0.0.1:1/")
        assert (
            recorded.value("exchange.ws.connect.duration", error__type="ConnectionRefusedError", **WHO) == 1
        )


async def test_the_patches_are_taken_back() -> None:
    before = dict(vars(websocket.WebSocket)), dict(vars(websocket.WebSocketApp))
    recorder = ExchangeRecorder()
    with recorder.watching(WebsocketClient()):
        assert dict(vars(websocket.WebSocket)) != before[0]
    assert (dict(vars(websocket.WebSocket)), dict(vars(websocket.WebSocketApp))) == before
