"""python-binance against the demo's exchange: an order, the market's stream, and a gap in it."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from botobs._demo.exchange_simulator.credentials import API_KEY, SECRET
from botobs._demo.exchange_simulator.exchange import Behaviour
from botobs._sdk.instrument.exchange.clients.binance.python_binance import PythonBinance
from botobs._sdk.instrument.exchange.clients.streams.websockets import Websockets
from tests.support.simulator import Simulator, running_simulator
from tests.unit.exchange.conftest import ExchangeRecorder

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient, BinanceSocketManager
    from binance.exceptions import BinanceAPIException

pytestmark = pytest.mark.asyncio

WHO = {"exchange__name": "binance", "exchange__client": "python_binance"}


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(Behaviour(reject_share=0.0, step=0.01)) as running:
        yield running


@pytest_asyncio.fixture
async def client(
    simulator: Simulator, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncClient]:
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{simulator.url}/binance/api")
    socket = f"ws{simulator.url.removeprefix('http')}/binance/stream/"
    monkeypatch.setattr(BinanceSocketManager, "STREAM_URL", socket)
    with recorded.watching(PythonBinance()), recorded.watching(Websockets()):
        client = await AsyncClient.create(API_KEY, SECRET)
        yield client
        await client.close_connection()


async def test_an_order_is_a_span_and_an_outcome(
    client: AsyncClient, simulator: Simulator, recorded: ExchangeRecorder
) -> None:
    placed = await client.create_order(
        symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01", newClientOrderId="b1-1"
    )
    assert placed["status"] == "FILLED"
    (span,) = recorded.named("create_order binance")
    attributes = dict(span.attributes or {})
    assert attributes["exchange.order.client_id"] == "b1-1"
    assert attributes["exchange.order.id"] == str(placed["orderId"])
    assert attributes["http.response.status_code"] == 200
    assert recorded.value("exchange.orders", exchange__order__outcome="accepted", **WHO) == 1
    assert recorded.value("exchange.ratelimit.used", exchange__ratelimit__scope="weight_1m") > 0
    with pytest.raises(BinanceAPIException):
        await client.create_order(symbol="NOCOIN", side="BUY", type="MARKET", quantity="1")
    assert recorded.value("exchange.client.errors", error__type="BinanceAPIException", **WHO) == 1
    assert recorded.value("exchange.orders", exchange__order__outcome="rejected", **WHO) == 1
    assert SECRET not in recorded.everything()


async def test_the_book_is_a_stream_whose_gap_is_counted(
    client: AsyncClient, simulator: Simulator, recorded: ExchangeRecorder
) -> None:
    def gaps() -> int:
        return recorded.value("exchange.orderbook.sequence_gaps", **WHO) or 0

    async with BinanceSocketManager(client).depth_socket("BTCUSDT") as stream:
        for _ in range(5):
            await stream.recv()
        assert recorded.value("exchange.ws.messages", exchange__ws__direction="received", **WHO) >= 5
        assert recorded.value("exchange.orderbook.sequence_checks", **WHO) >= 5
        assert recorded.value("exchange.ws.connections", exchange__ws__state="open", **WHO) == 1
        assert gaps() == 0
        await simulator.fault("sequence_gap", exchange="binance")
        while not gaps():
            await stream.recv()
    assert recorded.value("exchange.ws.disconnects", exchange__ws__close__reason="user", **WHO) == 1
    (span,) = recorded.named("ws connect binance")
    assert span.parent is None
