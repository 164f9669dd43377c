"""What is known of a connection while several threads use it: one connects, one closes, and one reports metrics.

The order of events is forced: what runs at the same time elsewhere is called at the point in question.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import picows
import pytest
import pytest_asyncio
import websocket
import websockets.asyncio.client
import websockets.sync.client

from botobs._sdk.instrument.exchange import connection_events
from botobs._sdk.instrument.exchange.clients.streams import raw
from botobs._sdk.instrument.exchange.clients.streams.aiohttp_ws import AiohttpWebSocket
from botobs._sdk.instrument.exchange.clients.streams.picows import Picows
from botobs._sdk.instrument.exchange.clients.streams.websocket_client import WebsocketClient
from botobs._sdk.instrument.exchange.clients.streams.websockets import Websockets
from botobs._sdk.instrument.exchange.state import Connection
from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry
from botobs._sdk.instrument.shared import once_per_provider
from tests.support.waiting import eventually_async
from tests.unit.exchange.conftest import ExchangeRecorder

#: RFC 6455, section 4.2.2.
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Server:
    """Accepts WebSockets.

    Attributes:
        after: Bytes that are sent in one piece with the acceptance.
        hangs_up: Whether it ends each connection right after.
    """

    def __init__(self) -> None:
        self.url = ""
        self.after = b""
        self.hangs_up = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: nothing is answered but a close frame."""
        request = await reader.readuntil(b"\r\n\r\n")
        lines = [line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if line]
        key = next(value for name, value in lines if name.lower() == b"sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + self.after
        )
        if not self.hangs_up:
            while (frame := await reader.read(100)) and not frame.startswith(b"\x88"):
                pass
            writer.write(b"\x88\x02\x03\xe8")
        writer.close()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with listener:
        yield made


@pytest.fixture
def exchanges(recorded: ExchangeRecorder) -> ExchangeTelemetry:
    return once_per_provider(recorded.telemetry, ExchangeTelemetry)


def states(recorded: ExchangeRecorder, *, client: str) -> dict[str, Any]:
    """How many connections are open, and how many are lost."""
    return {
        state: recorded.value("exchange.ws.connections", exchange__ws__state=state, exchange__client=client)
        for state in ("open", "closed")
    }


def ends(recorded: ExchangeRecorder, *, client: str) -> dict[str, Any]:
    found = {
        reason: recorded.value(
            "exchange.ws.disconnects", exchange__ws__close__reason=reason, exchange__client=client
        )
        for reason in ("user", "error", "remote", "keepalive")
    }
    return {reason: count for reason, count in found.items() if count}


def before_opened(monkeypatch: pytest.MonkeyPatch, action: Callable[[Any], object]) -> None:
    """Let another thread do `action` when a client has connected, and nobody knows yet."""
    opened = connection_events.opened

    def late(exchanges: Any, connection: Connection, caller: Any = None) -> None:
        action(connection.client and connection.client())
        opened(exchanges, connection, caller)

    monkeypatch.setattr(connection_events, "opened", late)


def begun(exchanges: ExchangeTelemetry) -> Connection:
    """A connection that is being opened."""
    connection = raw.begin(exchanges, "websockets", "example.com")
    assert connection is not None
    return connection


def test_two_threads_that_connect_at_once_have_two_connections(exchanges: ExchangeTelemetry) -> None:
    lost = begun(exchanges)
    connection_events.refused(exchanges, lost, OSError())
    first, second = (
        exchanges.connection(None, "", "websockets", "example.com", connecting=True) for _ in range(2)
    )
    assert first is lost
    assert second is not first


def test_two_threads_that_see_an_end_report_one(
    exchanges: ExchangeTelemetry, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = begun(exchanges)
    connection_events.opened(exchanges, connection)

    class Meanwhile:
        """The lock, for which another thread was a moment earlier."""

        def __enter__(self) -> None:
            monkeypatch.setattr(connection, "changing", plain)
            connection_events.ended(exchanges, connection, "user")

        def __exit__(self, *_: object) -> None:
            pass

    plain = connection.changing
    connection.changing = Meanwhile()  # type: ignore[assignment]
    connection_events.ended(exchanges, connection, "error")
    assert ends(recorded, client="websockets") == {"user": 1}


def test_an_end_of_before_does_not_end_what_was_opened_meanwhile(
    exchanges: ExchangeTelemetry, recorded: ExchangeRecorder
) -> None:
    class Client:
        """An object of a library."""

    connection = begun(exchanges)
    again = Client()

    def gone_and_reopened(_: Any) -> str:
        connection_events.ended(exchanges, connection, "error")
        raw.bind(connection, again, lambda _: None)
        connection_events.trying(connection)
        connection_events.opened(exchanges, connection)
        return "user"

    first = Client()
    raw.bind(connection, first, gone_and_reopened)
    connection_events.opened(exchanges, connection)
    assert states(recorded, client="websockets") == {"open": 1, "closed": 0}
    assert ends(recorded, client="websockets") == {"error": 1}


@pytest.mark.asyncio
async def test_metrics_that_are_read_while_it_is_opened_do_not_close_it(
    server: Server, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exporting thread asks whether what is open still is; of aiohttp it saw the socket of before."""
    record = connection_events._record_attempt

    def read_then_record(*args: Any) -> None:
        states(recorded, client="aiohttp")
        record(*args)

    with recorded.watching(AiohttpWebSocket()):
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(server.url) as socket:
                before = weakref.ref(socket)
            del socket
            await eventually_async(lambda: before() is None)
            monkeypatch.setattr(connection_events, "_record_attempt", read_then_record)
            async with session.ws_connect(server.url):
                assert states(recorded, client="aiohttp") == {"open": 1, "closed": 0}
    assert ends(recorded, client="aiohttp") == {"user": 2}


@pytest.mark.asyncio
async def test_a_thread_that_sees_the_end_first(
    server: Server, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """websockets reads in a thread of its own, which ends before the connecting one has returned."""
    server.after, server.hangs_up = b"\x88\x02\x0f\xa1", True
    before_opened(monkeypatch, lambda client: client.recv_events_thread.join())

    def connect() -> None:
        with websockets.sync.client.connect(server.url):
            assert states(recorded, client="websockets") == {"open": 0, "closed": 1}
            assert ends(recorded, client="websockets") == {"remote": 1}

    with recorded.watching(Websockets()):
        await asyncio.to_thread(connect)


@pytest.mark.asyncio
async def test_a_thread_that_closes_first(
    server: Server, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pybit waits until its socket says that it is connected, and may close it at once."""
    before_opened(monkeypatch, lambda client: client.close())
    with recorded.watching(WebsocketClient()):
        await asyncio.to_thread(websocket.create_connection, server.url)
        assert states(recorded, client="websocket_client") == {"open": 0, "closed": 0}
        assert ends(recorded, client="websocket_client") == {"user": 1}


@pytest.mark.asyncio
async def test_metrics_that_are_read_between_two_close_frames(
    server: Server, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(WebsocketClient()):
        socket = await asyncio.to_thread(websocket.create_connection, server.url)
        await asyncio.to_thread(socket.send_close)
        assert states(recorded, client="websocket_client")["closed"] == 0
        assert ends(recorded, client="websocket_client") == {"user": 1}
        await asyncio.to_thread(socket.shutdown)


@pytest.mark.asyncio
async def test_metrics_that_are_read_while_the_other_sides_close_frame_is_answered(
    server: Server, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.after = b"\x88\x02\x0f\xa1"
    send = websocket.WebSocket.send

    def read_then_send(self: Any, *args: Any) -> Any:
        states(recorded, client="websocket_client")
        return send(self, *args)

    monkeypatch.setattr(websocket.WebSocket, "send", read_then_send)
    with recorded.watching(WebsocketClient()):
        socket = await asyncio.to_thread(websocket.create_connection, server.url)
        await asyncio.to_thread(socket.recv_data_frame, True)
        assert ends(recorded, client="websocket_client") == {"remote": 1}
        await asyncio.to_thread(socket.shutdown)


@pytest.mark.asyncio
async def test_an_app_that_closes_because_its_handler_failed(
    server: Server, recorded: ExchangeRecorder
) -> None:
    """As pybit does: nothing comes any more, and that was nobody's wish."""
    server.after = b"\x81\x02{}"
    app = websocket.WebSocketApp(
        server.url, on_message=lambda _, text: {}[text], on_error=lambda app, _: app.close()
    )
    with recorded.watching(WebsocketClient()):
        await asyncio.to_thread(app.run_forever)
        assert ends(recorded, client="websocket_client") == {"error": 1}
        assert recorded.value("exchange.ws.handler.errors", error__type="KeyError") == 1
        assert states(recorded, client="websocket_client") == {"open": 0, "closed": 1}


@pytest.mark.asyncio
async def test_an_app_that_closes_because_no_pong_came(server: Server, recorded: ExchangeRecorder) -> None:
    app = websocket.WebSocketApp(server.url, on_error=lambda app, _: app.close())
    with recorded.watching(WebsocketClient()):
        await asyncio.to_thread(app.run_forever, ping_interval=0.2, ping_timeout=0.1)
        assert ends(recorded, client="websocket_client") == {"keepalive": 1}


async def _by_picows(url: str) -> Any:
    transport, _ = await picows.ws_connect(picows.WSListener, url)
    await transport.wait_disconnected()
    return transport


async def _by_websockets(url: str) -> Any:
    client = await websockets.asyncio.client.connect(url)
    await client.wait_closed()
    return client


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("watching", "client", "connect"),
    [(Picows, "picows", _by_picows), (Websockets, "websockets", _by_websockets)],
)
@pytest.mark.parametrize(("after", "reason"), [(b"\x88\x02\x0f\xa1", "remote"), (b"", "error")])
async def test_a_server_that_hangs_up_at_once(
    server: Server,
    recorded: ExchangeRecorder,
    watching: Callable[[], Any],
    client: str,
    connect: Callable[[str], Any],
    after: bytes,
    reason: str,
) -> None:
    server.after, server.hangs_up = after, True
    with recorded.watching(watching()):
        kept = await connect(server.url)
        assert states(recorded, client=client) == {"open": 0, "closed": 1}
        assert ends(recorded, client=client) == {reason: 1}
    del kept
