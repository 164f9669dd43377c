"""A connection that is lost every half minute for a day: what botobs holds of it does not grow.

A server closes each connection after its first message, in turn by a close frame, by another one, and by dropping it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import aiohttp
import pytest
import pytest_asyncio
import websocket
import websockets.asyncio.client
import websockets.asyncio.server

from botobs._sdk.instrument.base import Instrumentation
from botobs._sdk.instrument.exchange.clients.streams.aiohttp_ws import AiohttpWebSocket
from botobs._sdk.instrument.exchange.clients.streams.websocket_client import WebsocketClient
from botobs._sdk.instrument.exchange.clients.streams.websockets import Websockets
from tests.support.telemetry import Recorder

# websocket-client leaves it to the collector to close what the other side has dropped.
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

#: Every half minute of a day; before, as many as fill caches and memories of other libraries.
ROUNDS = 2 * 60 * 24
WARM_UP = ROUNDS // 10
#: Objects that may come and go, of all kinds; one that stays for each reconnect would be two thousand.
TOLERANCE = 1000


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    closed = 0

    async def handle(connection: websockets.asyncio.server.ServerConnection) -> None:
        nonlocal closed
        closed += 1
        await connection.send("hello")
        if closed % 3 == 0:
            connection.transport.abort()
        else:
            await connection.close(1001 if closed % 3 == 1 else 1012)

    async with websockets.asyncio.server.serve(handle, "127.0.0.1", 0) as listener:
        yield f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/ws"


async def with_websockets(url: str, rounds: int) -> None:
    for _ in range(rounds):
        with suppress(websockets.ConnectionClosed):
            async with websockets.asyncio.client.connect(url) as connection:
                async for _ in connection:
                    pass


async def with_aiohttp(url: str, rounds: int) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(rounds):
            async with session.ws_connect(url) as connection:
                async for _ in connection:
                    pass


async def with_websocket_client(url: str, rounds: int) -> None:
    def run() -> None:
        for _ in range(rounds):
            websocket.WebSocketApp(url).run_forever()

    await asyncio.to_thread(run)


WAYS: dict[str, tuple[Callable[[str, int], Awaitable[None]], Callable[[], Instrumentation]]] = {
    "websockets": (with_websockets, Websockets),
    "aiohttp": (with_aiohttp, AiohttpWebSocket),
    "websocket_client": (with_websocket_client, WebsocketClient),
}


@pytest.mark.parametrize("name", WAYS)
async def test_nothing_grows(
    name: str,
    url: str,
    record_property: Callable[[str, object], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # It logs each lost connection, and pytest keeps the records.
    caplog.set_level(logging.CRITICAL, logger="websocket")
    way, instrumentation = WAYS[name]
    recorded = Recorder()
    with recorded.watching(instrumentation()):
        await way(url, WARM_UP)
        before = await _objects(recorded)
        await way(url, ROUNDS)
        grown = await _objects(recorded) - before
        disconnects = recorded.value("exchange.ws.disconnects", exchange__client=name)
        states = recorded.value("exchange.ws.connections", exchange__client=name)
    record_property(f"{name}: objects grown in {ROUNDS} reconnects", grown)
    assert disconnects == WARM_UP + ROUNDS
    assert states <= 1
    assert grown < TOLERANCE


async def _objects(recorded: Recorder) -> int:
    # The spans are the test's; botobs hands them over.
    recorded.clear()
    # What is to be closed in the next turns of the loop is closed first.
    await asyncio.sleep(0.5)
    gc.collect()
    return len(gc.get_objects())
