"""Connections of the `websockets` library, asynchronous and threaded."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import websockets.asyncio.client
import websockets.asyncio.server
import websockets.exceptions
import websockets.sync.client

from botobs._sdk.instrument.exchange.clients.streams.websockets import Websockets
from tests.support.waiting import until
from tests.unit.exchange.conftest import ExchangeRecorder

pytestmark = pytest.mark.asyncio

WHO = {"exchange__client": "websockets", "server__address": "127.0.0.1"}
RECEIVED = {"exchange__ws__direction": "received", **WHO}


class Server:
    """Greets with a message, echoes, and does what messages ask for."""

    def __init__(self) -> None:
        self.connections: list[Any] = []
        self.url = ""

    async def handle(self, connection: Any) -> None:
        """Serve one connection."""
        self.connections.append(connection)
        await connection.send("hello")
        async for message in connection:
            if message == "close":
                await connection.close(4001, "asked for")
            elif message == "abort":
                connection.transport.abort()
            else:
                await connection.send(message)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with websockets.asyncio.server.serve(server.handle, "127.0.0.1", 0) as listener:
        server.url = (
            f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/ws/secret-listen-key?token=secret"
        )
        yield server


async def test_a_message_that_our_side_refuses_is_an_error(
    server: Server, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(Websockets()):
        for _ in range(3):
            async with websockets.asyncio.client.connect(server.url, max_size=64) as client:
                with pytest.raises(websockets.exceptions.ConnectionClosedError):
                    await client.send("x" * 1000)
                    while True:
                        await client.recv()
        ends = {"exchange__ws__close__reason": "error", "exchange__ws__close__code": "1009"}
        assert recorded.value("exchange.ws.disconnects", **ends, **WHO) == 3
        assert recorded.value("exchange.ws.reconnects", **WHO) == 2


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_loop_that_ends_takes_its_connections_along(
    server: Server, recorded: ExchangeRecorder
) -> None:
    kept: list[Any] = []

    async def leave_open() -> None:
        kept.append(await websockets.asyncio.client.connect(server.url, ping_interval=None))

    def run() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(leave_open())
        loop.close()

    with recorded.watching(Websockets()):
        await asyncio.to_thread(run)
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 0
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 0
    kept.clear()
    gc.collect()


async def test_every_frame_of_an_open_connection_counts(server: Server, recorded: ExchangeRecorder) -> None:
    with recorded.watching(Websockets()):
        async with websockets.asyncio.client.connect(server.url) as client:
            await client.recv()
            await client.send("abc")
            assert await client.recv() == "abc"
            assert recorded.value("exchange.ws.messages", **RECEIVED) == 2
            assert recorded.value("exchange.ws.bytes", **RECEIVED) == 8
            assert recorded.value("exchange.ws.messages", exchange__ws__direction="sent", **WHO) == 1
            assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
            await (await client.ping())
            assert recorded.value("exchange.ws.heartbeat.rtt", **WHO) == 1
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1
    assert len(recorded.spans()) == 1
    assert "secret" not in recorded.everything()


async def test_unread_frames_are_the_backlog(server: Server, recorded: ExchangeRecorder) -> None:
    with recorded.watching(Websockets()):
        async with websockets.asyncio.client.connect(server.url) as client:
            for _ in range(3):
                await client.send("x")
            await until(lambda: recorded.value("exchange.ws.backlog", **WHO) == 4)
            while client.recv_messages.frames.queue:
                await client.recv()
            assert recorded.value("exchange.ws.backlog", **WHO) == 0


@pytest.mark.parametrize(
    ("order", "reason", "code"), [("close", "remote", "4001"), ("abort", "error", "1006")]
)
async def test_a_lost_connection_is_found_again(
    order: str, reason: str, code: str, server: Server, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(Websockets()):
        client = await websockets.asyncio.client.connect(server.url)
        await client.send(order)
        await client.wait_closed()
        lost = {"exchange__ws__close__reason": reason, "exchange__ws__close__code": code}
        assert recorded.value("exchange.ws.disconnects", **lost, **WHO) == 1
        assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 1
        async with websockets.asyncio.client.connect(server.url):
            assert recorded.value("exchange.ws.reconnects", **WHO) == 1
            assert recorded.value("exchange.ws.connections", exchange__ws__state="closed", **WHO) == 0


async def test_pongs_that_stay_away_are_a_missed_heartbeat(recorded: ExchangeRecorder) -> None:
    async def mute(connection: Any) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    with recorded.watching(Websockets()):
        async with websockets.asyncio.server.serve(mute, "127.0.0.1", 0, close_timeout=0.1) as listener:
            url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            async with websockets.asyncio.client.connect(
                url, ping_interval=0.05, ping_timeout=0.05, close_timeout=0.1
            ) as client:
                with pytest.raises(websockets.exceptions.ConnectionClosedError):
                    await client.recv()
    assert recorded.value("exchange.ws.heartbeat.misses", **WHO) == 1


async def test_a_refused_connection_has_an_error_type(server: Server, recorded: ExchangeRecorder) -> None:
    port = server.url.split(":")[2].split("/")[0]
    with recorded.watching(Websockets()), pytest.raises(OSError, match="onnect"):
        await websockets.asyncio.client.connect(f"ws://127.0.0.1:{int(port) - 1}")
    ((attributes, count),) = recorded.points("exchange.ws.connect.duration")
    assert (attributes["error.type"], count) == ("ConnectionRefusedError", 1)


async def test_the_threaded_client_is_watched(server: Server, recorded: ExchangeRecorder) -> None:
    def talk() -> None:
        with websockets.sync.client.connect(server.url) as client:
            client.recv()
            client.send("abc")
            client.recv()

    with recorded.watching(Websockets()):
        await asyncio.to_thread(talk)
    assert recorded.value("exchange.ws.messages", **RECEIVED) >= 2
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1
    assert threading.active_count() < 20


async def test_after_uninstalling_the_library_is_as_it_was(
    server: Server, recorded: ExchangeRecorder
) -> None:
    def parts() -> list[Any]:
        classes = (websockets.asyncio.client.connect, websockets.asyncio.client.ClientConnection)
        return [dict(vars(cls)) for cls in (*classes, websockets.sync.client.ClientConnection)]

    before = parts()
    with recorded.watching(Websockets()):
        assert parts() != before
        client = await websockets.asyncio.client.connect(server.url)
    assert parts() == before
    await client.send("still alive")
    assert await client.recv() == "hello"
    assert await client.recv() == "still alive"
    await client.close()
