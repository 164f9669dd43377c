"""picows' client WebSockets, and those of its `websockets` layer, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import picows
import picows.websockets.asyncio.client
import pytest

from botobs._sdk.instrument.exchange.clients.streams.picows import Picows
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import eventually_async
from tests.unit.exchange.conftest import ExchangeRecorder

pytestmark = pytest.mark.asyncio

WHO = {"exchange__client": "picows", "server__address": "127.0.0.1"}


class Listener(picows.WSListener):
    """Keeps what comes, and has no room for anything else."""

    __slots__ = ("ended", "received", "transport")

    def __init__(self) -> None:
        self.received: list[str] = []
        self.ended = False

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            self.received.append(frame.get_payload_as_utf8_text())

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self.ended = True


def url(binance: FakeBinance) -> str:
    """An address with a listen key and a token in it."""
    return f"ws://127.0.0.1:{binance.port}/ws/secret-key?token=secret"


async def opened(binance: FakeBinance, **options: Any) -> Listener:
    _, listener = await picows.ws_connect(Listener, url(binance), **options)
    assert type(listener) is Listener
    await eventually_async(lambda: binance.sockets)
    return listener


async def test_an_open_connection_counts_what_comes(binance: FakeBinance, recorded: ExchangeRecorder) -> None:
    with recorded.watching(Picows()):
        listener = await opened(binance)
        listener.transport.send(picows.WSMsgType.TEXT, b'{"id": 1}')
        await binance.send({"padding": "x" * 5000})
        await eventually_async(lambda: len(listener.received) == 2)
        size = sum(map(len, listener.received))
        assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) == 2
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
        assert recorded.value("exchange.ws.bytes", exchange__ws__direction="received", **WHO) == size
        listener.transport.send_close(picows.WSCloseCode.OK)
        await listener.transport.wait_disconnected()
    assert listener.ended
    ends = {"exchange__ws__close__reason": "user", "exchange__ws__close__code": "1000"}
    assert recorded.value("exchange.ws.disconnects", **ends, **WHO) == 1
    assert "secret" not in recorded.everything()


async def test_a_cut_connection_is_lost_and_opened_again(
    binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(Picows()):
        listener = await opened(binance)
        binance.abort()
        await listener.transport.wait_disconnected()
        assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="error", **WHO) == 1
        await opened(binance)
        assert recorded.value("exchange.ws.reconnects", **WHO) == 1


async def test_a_message_that_our_side_refuses_is_an_error(
    binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    with recorded.watching(Picows()):
        listener = await opened(binance, max_frame_size=1024)
        await binance.send({"padding": "x" * 5000})
        with pytest.raises(picows.WSProtocolError):
            await listener.transport.wait_disconnected()
        ends = {"exchange__ws__close__reason": "error", "exchange__ws__close__code": "1009"}
        assert recorded.value("exchange.ws.disconnects", **ends, **WHO) == 1


async def test_a_mute_other_side_is_told_by_the_ping(
    binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    binance.answers_pings = False
    with recorded.watching(Picows()):
        listener = await opened(
            binance, enable_auto_ping=True, auto_ping_idle_timeout=0.01, auto_ping_reply_timeout=0.01
        )
        await listener.transport.wait_disconnected()
        assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="keepalive", **WHO) == 1


async def test_the_other_side_closes(binance: FakeBinance, recorded: ExchangeRecorder) -> None:
    with recorded.watching(Picows()):
        listener = await opened(binance)
        await binance.sockets[-1].close(code=1012)
        await eventually_async(lambda: listener.ended)
        ends = {"exchange__ws__close__reason": "remote", "exchange__ws__close__code": "1012"}
        assert recorded.value("exchange.ws.disconnects", **ends, **WHO) == 1


async def test_nobody_answers(recorded: ExchangeRecorder) -> None:
    with recorded.watching(Picows()):
        with pytest.raises(OSError, match="onnect"):
            await picows.ws_connect(Listener, "ws://127.0.0.1:1/ws")
        assert (
            recorded.value("exchange.ws.connect.duration", error__type="ConnectionRefusedError", **WHO) == 1
        )


async def test_its_websockets_layer(binance: FakeBinance, recorded: ExchangeRecorder) -> None:
    with recorded.watching(Picows()):
        async with picows.websockets.asyncio.client.connect(url(binance)) as socket:
            await socket.send('{"id": 1}')
            assert await socket.recv() == '{"id": 1, "result": null}'
            assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) == 1
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1


async def test_what_is_not_watched_any_more_is_as_it_was() -> None:
    plain: Callable[..., Any] = picows.ws_connect
    assert plain.__module__ == "picows.api"
    assert not hasattr(plain, "__wrapped__")
