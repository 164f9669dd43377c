"""WebSocket connections: their subscriptions, and the faults that affect them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
from aiohttp import web

from .counts import Counts
from .faults import Fault, Faults

#: Messages that may wait for a slow client before its connection is aborted.
QUEUE = 1_000

#: Seconds that a client has to complete the closing handshake.
_CLOSE_TIMEOUT = 1.0


class Session:
    """One connection.

    Attributes:
        channels: Its subscriptions: channel, and the argument of the request.
        logged_in: It has sent valid credentials.
        combined: Messages carry the name of their stream.
        without_snapshot: Order book channels of which the snapshot was not sent yet.
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
        """Queue a message; abort the connection of a client that has stopped reading."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.abort()

    def abort(self) -> None:
        """Abort the connection without a closing handshake."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    async def close(self) -> None:
        """Close the connection with the code "going away"."""
        await self._socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def write(self, counts: Counts) -> None:
        """Send queued messages until the connection ends."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._socket.send_str(await self._queue.get())
                counts.sent += 1


class Connections:
    """All connections to one exchange."""

    def __init__(self, faults: Faults, counts: Counts) -> None:
        self._faults = faults
        self._counts = counts
        self._sessions: set[Session] = set()

    def subscribers(self, channel: str) -> Iterator[Session]:
        """The connections that have subscribed to `channel`."""
        return (session for session in tuple(self._sessions) if channel in session.channels)

    def muted(self) -> bool:
        """Whether a fault keeps data from being sent."""
        return self._faults.active(Fault.SILENCE) or self._faults.active(Fault.HALF_OPEN)

    def abort_all(self) -> None:
        """Abort every connection."""
        for session in tuple(self._sessions):
            session.abort()

    async def close_all(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(session.close() for session in tuple(self._sessions)))

    async def serve(
        self,
        request: web.Request,
        receive: Callable[[Session, str], None],
        welcome: Callable[[Session], None] = lambda _: None,
    ) -> web.StreamResponse:
        """Serve a connection until it ends.

        Args:
            request: The upgrade request.
            receive: Called with each text message of the client.
            welcome: Called once, before the first message.
        """
        if self._faults.active(Fault.DROP):
            self._counts.connections_refused += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        # Pongs are sent here, because faults suppress them.
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSE_TIMEOUT)
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
