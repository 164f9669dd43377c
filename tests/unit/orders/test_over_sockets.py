"""Orders over WebSockets of which no answer is read: what certainly was not sent, and what may have been."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import websocket
import websockets.asyncio.client
import websockets.sync.client
import websockets.sync.server

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.order_desk import closed_url

ORDER = '{"method": "order.place", "params": {"newClientOrderId": "mine"}}'


class Sockets:
    """Takes every message and answers none.

    Attributes:
        url: Where it listens.
        taken: The messages.
    """

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.server = websockets.sync.server.serve(self._take, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def _take(self, connection: websockets.sync.server.ServerConnection) -> None:
        for message in connection:
            self.taken.append(str(message))

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self._thread.join()


@pytest.fixture(scope="module")
def sockets() -> Iterator[Sockets]:
    listening = Sockets()
    yield listening
    listening.close()


def with_websocket_client(url: str, before: bool, after: bool) -> None:
    connection = websocket.create_connection(url, timeout=30)
    if before:
        connection.send(ORDER)
    connection.close()
    if after:
        connection.send(ORDER)


def with_websockets(url: str, before: bool, after: bool) -> None:
    with websockets.sync.client.connect(url) as connection:
        if before:
            connection.send(ORDER)
        connection.close()
        if after:
            connection.send(ORDER)


def with_websockets_async(url: str, before: bool, after: bool) -> None:
    async def run() -> None:
        connection = await websockets.asyncio.client.connect(url)
        if before:
            await connection.send(ORDER)
        await connection.close()
        if after:
            await connection.send(ORDER)

    asyncio.run(run())


def with_aiohttp(url: str, before: bool, after: bool) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            connection = await session.ws_connect(url)
            if before:
                await connection.send_str(ORDER)
            await connection.close()
            if after:
                await connection.send_str(ORDER)

    asyncio.run(run())


WAYS = [with_websocket_client, with_websockets, with_websockets_async, with_aiohttp]


def reported(captured: Capture, way: Callable[[str, bool, bool], None], *args: Any) -> Any:
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        way(*args)
    return captured.span("order submit").attributes[names.ORDER_STAGE]


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_is_never_opened_sends_nothing(way: Callable[..., None], captured: Capture) -> None:
    assert reported(captured, way, closed_url().replace("http:", "ws:"), True, False) == "failed"


@pytest.mark.parametrize("way", WAYS)
def test_nor_does_one_that_is_closed(way: Callable[..., None], sockets: Sockets, captured: Capture) -> None:
    taken = len(sockets.taken)
    assert reported(captured, way, sockets.url, False, True) == "failed"
    assert len(sockets.taken) == taken


@pytest.mark.parametrize("way", WAYS)
def test_what_was_sent_before_it_was_closed_is_open(
    way: Callable[..., None], sockets: Sockets, captured: Capture
) -> None:
    assert reported(captured, way, sockets.url, True, True) == "unknown"
