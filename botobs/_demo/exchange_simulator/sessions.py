"""WebSocket connections: who listens to what, and what faults do to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
from aiohttp import web

from .counts import Counts
from .faults import Fault, Faults

#: Messages that may wait for a slow client before it is cut off.
QUEUE = 1_000

#: Seconds that a client has to answer a good-bye.
_GOODBYE = 1.0


class Session:
    """One connection.

    Attributes:
        channels: What it listens to, and how it asked for it.
        logged_in: It has shown its credentials.
        combined: It wants each message with the name of its stream.
        without_snapshot: Channels of books whose first message, the whole book, it has not had.
    """

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        self.channels: dict[str, Any] = {}
        self.logged_in = False
        self.combined = False
        self.without_snapshot: set[str] = set()
        self._socket = socket
        self._transport = transport
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)

    def send(self, text: str) -> None:
        """Send a message when the client takes it; cut off a client that has stopped taking any."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.abort()

    def abort(self) -> None:
        """Cut the connection off, without a word."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    async def close(self) -> None:
        """Say good-bye."""
        await self._socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def write(self, counts: Counts) -> None:
        """Send what is waiting, until the connection ends."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._socket.send_str(await self._queue.get())
                counts.sent += 1


class Hub:
    """All connections to one exchange."""

    def __init__(self, faults: Faults, counts: Counts) -> None:
        self._faults = faults
        self._counts = counts
        self._sessions: set[Session] = set()

    def listeners(self, channel: str) -> Iterator[Session]:
        """The connections that listen to `channel`."""
        return (session for session in tuple(self._sessions) if channel in session.channels)

    def quiet(self) -> bool:
        """Whether a fault keeps data from being sent."""
        return self._faults.active(Fault.SILENCE) or self._faults.active(Fault.HALF_OPEN)

    def abort_all(self) -> None:
        """Cut every connection off."""
        for session in tuple(self._sessions):
            session.abort()

    async def close_all(self) -> None:
        """Say good-bye to every client."""
        await asyncio.gather(*(session.close() for session in tuple(self._sessions)))

    async def serve(
        self,
        request: web.Request,
        receive: Callable[[Session, str], None],
        welcome: Callable[[Session], None] = lambda _: None,
    ) -> web.StreamResponse:
        """Serve a connection until it ends; `receive` is handed each message that the client sends."""
        if self._faults.active(Fault.DROP):
            self._counts.turned_away += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        # The answers to pings are ours to give, because faults withhold them.
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=_GOODBYE)
        await socket.prepare(request)
        session = Session(socket, request.transport)
        self._sessions.add(session)
        self._counts.opened += 1
        welcome(session)
        writer = asyncio.create_task(session.write(self._counts))
        try:
            await self._read(socket, session, receive)
        finally:
            self._sessions.discard(session)
            self._counts.closed += 1
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    async def _read(
        self, socket: web.WebSocketResponse, session: Session, receive: Callable[[Session, str], None]
    ) -> None:
        async for message in socket:
            await self._faults.over(Fault.HALF_OPEN)
            if message.type is aiohttp.WSMsgType.PING:
                with contextlib.suppress(ConnectionError):
                    await socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                self._counts.received += 1
                receive(session, message.data)
