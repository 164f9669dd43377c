"""python-binance's requests and streams."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
import websockets.asyncio.server

from botobs._sdk.instrument.exchange.clients.binance.python_binance import PythonBinance
from botobs._sdk.instrument.exchange.clients.streams.websockets import Websockets
from botobs._sdk.patching import failures
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import until
from tests.unit.exchange.conftest import ExchangeRecorder

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient, BinanceSocketManager, Client
    from binance.exceptions import BinanceAPIException
    from binance.ws.reconnecting_websocket import ReconnectingWebsocket

pytestmark = pytest.mark.asyncio

WHO = {"exchange__name": "binance", "exchange__client": "python_binance"}


@pytest_asyncio.fixture
async def client(
    binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncClient]:
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
    monkeypatch.setattr(BinanceSocketManager, "STREAM_URL", f"ws://127.0.0.1:{binance.port}/")
    # Its patience with a silent socket, and between two attempts, which is random and at least a second.
    monkeypatch.setattr(ReconnectingWebsocket, "TIMEOUT", 1)
    monkeypatch.setattr(ReconnectingWebsocket, "MAX_RECONNECT_SECONDS", 0)
    with recorded.watching(PythonBinance()), recorded.watching(Websockets()):
        client = await AsyncClient.create("canary-key", "canary-secret")
        yield client
        await client.close_connection()


async def test_a_call_is_one_client_span(
    client: AsyncClient, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    await client.create_order(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity=1, price="100")
    (span,) = recorded.named("create_order binance")
    attributes = dict(span.attributes or {})
    assert attributes["exchange.client"] == "python_binance"
    assert attributes["exchange.order.id"] == "1"
    assert attributes["exchange.order.side"] == "BUY"
    assert attributes["url.template"] == "/api/v3/order"
    assert attributes["http.response.status_code"] == 200
    assert recorded.value("exchange.orders", exchange__order__outcome="accepted", **WHO) == 1
    assert recorded.value("exchange.ratelimit.used", exchange__ratelimit__scope="weight_1m") == 12
    assert "traceparent" not in {name.lower() for _, _, headers in binance.requests for name in headers}
    assert "canary" not in recorded.everything()


async def test_an_error_has_a_class_a_code_and_no_message(
    client: AsyncClient, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    binance.failure = (400, '{"code":-2010,"msg":"insufficient balance canary"}')
    with pytest.raises(BinanceAPIException):
        await client.get_account()
    (span,) = recorded.named("fetch_balance binance")
    assert span.status.description == "BinanceAPIException"
    assert recorded.value("exchange.client.errors", error__type="BinanceAPIException", **WHO) == 1
    assert "canary" not in recorded.everything()


async def test_our_own_mistakes_are_counted_under_its_name(
    client: AsyncClient, binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*_: Any, **__: Any) -> None:
        raise ValueError

    monkeypatch.setattr("botobs._sdk.instrument.exchange.errors.error_type", mistake)
    monkeypatch.setattr("botobs._sdk.instrument.exchange.updates._look_at_clock", mistake)
    binance.failure = (400, '{"code":-2010,"msg":"insufficient balance"}')
    with pytest.raises(BinanceAPIException):
        await client.create_order(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity=1, price="100")
    # The order is counted all the same.
    assert recorded.value("exchange.orders", exchange__order__outcome="rejected", **WHO) == 1
    calls = failures.counts()
    async with BinanceSocketManager(client).depth_socket("BTCUSDT") as stream:
        await until(lambda: binance.sockets)
        await binance.send({"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": 1, "u": 2, "b": [], "a": []})
        await stream.recv()
    assert set(calls) == set(failures.counts()) == {"python_binance"}
    assert failures.counts()["python_binance"] > calls["python_binance"] > 0
    failures.reset()


async def test_limits_come_from_the_exchange(client: AsyncClient, recorded: ExchangeRecorder) -> None:
    assert recorded.value("exchange.ratelimit.utilization") is None
    await client.get_exchange_info()
    scope = {"exchange__ratelimit__scope": "weight_1m"}
    assert recorded.value("exchange.ratelimit.limit", **scope) == 6000
    assert recorded.value("exchange.ratelimit.utilization", **scope) == pytest.approx(0.002)


async def test_the_clock_is_measured_with_the_common_sign(
    binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    binance.clock_ahead = -1.5
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
    with recorded.watching(PythonBinance()):
        client = await AsyncClient.create()
        await client.close_connection()
    assert recorded.value("exchange.clock.offset", exchange__name="binance") == pytest.approx(1.5, abs=0.4)


async def test_the_synchronous_client_is_watched(
    binance: FakeBinance, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
    with recorded.watching(PythonBinance()):
        client = await asyncio.to_thread(Client, "key", "secret")
        await asyncio.to_thread(client.get_account)
        client.close_connection()
        client.loop.close()  # python-binance makes one in each thread and leaves it open
    assert (
        recorded.value("exchange.client.operation.duration", exchange__operation="fetch_balance", **WHO) == 1
    )
    assert recorded.value("exchange.balance.age", exchange__balance__source="rest", **WHO) >= 0


async def test_a_stream_is_watched_once(
    client: AsyncClient, binance: FakeBinance, recorded: ExchangeRecorder
) -> None:
    now = int(time.time() * 1000)

    def depth(first: int, last: int) -> dict[str, Any]:
        return {"e": "depthUpdate", "E": now, "s": "BTCUSDT", "U": first, "u": last, "b": [], "a": []}

    async with BinanceSocketManager(client).depth_socket("BTCUSDT") as stream:
        await until(lambda: binance.sockets)
        for first, last in ((1, 5), (6, 7), (9, 9)):
            await binance.send(depth(first, last))
            await stream.recv()
        assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) == 3
        assert recorded.value("exchange.ws.messages", exchange__client="websockets") is None
        assert recorded.value("exchange.orderbook.sequence_gaps", **WHO) == 1
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
        assert recorded.value("exchange.ws.message.age", exchange__channel="orderbook", **WHO) >= 1
        binance.abort()
        await until(
            lambda: recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="remote", **WHO)
        )
        await until(lambda: recorded.value("exchange.ws.reconnects", **WHO) == 1)
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1


@pytest_asyncio.fixture
async def order_socket() -> AsyncIterator[str]:
    """Binance's WebSocket API: an order of the symbol MUTE is read, and not answered."""

    async def handle(connection: Any) -> None:
        async for message in connection:
            request = json.loads(message)
            if request["params"].get("symbol") == "MUTE":
                continue
            if request["params"].get("symbol") == "POOR":
                error = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
                await connection.send(json.dumps({"id": request["id"], "status": 400, "error": error}))
                continue
            order = {"symbol": "BTCUSDT", "orderId": 12, "clientOrderId": "mine", "status": "NEW"}
            used = {
                "rateLimitType": "ORDERS",
                "interval": "DAY",
                "intervalNum": 1,
                "limit": 160000,
                "count": 8,
            }
            answer = {"id": request["id"], "status": 200, "result": order, "rateLimits": [used]}
            await connection.send(json.dumps(answer))

    async with websockets.asyncio.server.serve(handle, "127.0.0.1", 0, close_timeout=0.1) as listener:
        yield f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/ws-api/v3"


@pytest.mark.parametrize(
    ("symbol", "outcome"), [("BTCUSDT", "accepted"), ("POOR", "rejected"), ("MUTE", "unknown")]
)
async def test_orders_over_the_websocket_api_count(
    recorded: ExchangeRecorder,
    order_socket: str,
    symbol: str,
    outcome: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its patience with a request, and with a silent socket, which its end waits for.
    monkeypatch.setattr(ReconnectingWebsocket, "TIMEOUT", 1)
    with recorded.watching(PythonBinance()):
        client = AsyncClient("key", "secret")
        client.ws_api._url = order_socket
        with suppress(Exception):
            order = {"symbol": symbol, "side": "BUY", "type": "MARKET", "quantity": "1"}
            await client.ws_create_order(**order)
        await client.close_connection()
    assert recorded.value("exchange.orders", exchange__order__outcome=outcome) == 1
    limit = recorded.value("exchange.ratelimit.limit", exchange__ratelimit__scope="orders_1d")
    assert limit == (160000 if outcome == "accepted" else None)
    (span,) = recorded.named("create_order_ws binance")
    assert (span.attributes or {})["exchange.symbol"] == symbol
