"""Orders whose answer was cut off, through the real clients: unsettled until a later answer names them."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
import pytest_asyncio

from botobs import trading
from botobs._sdk.orders import UNSETTLED, UnsettledOrder
from botobs.semconv import orders as names
from botobs.testing import Capture, capture
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import until

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient, BinanceSocketManager
    from binance import Client as SyncClient

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

SYMBOL, MARKET = "BTC/USDT", "BTCUSDT"


@pytest.fixture(autouse=True)
def _each_request_has_its_connection(binance: FakeBinance) -> None:
    """A kept one that is found closed leaves open whether the request arrived."""
    binance.headers["Connection"] = "close"


@pytest.fixture
def captured(binance: FakeBinance) -> Iterator[Capture]:
    """With the instrumentations of libraries; the fake exchange is older, and so not watched."""
    with capture() as captured:
        yield captured


class Client:
    """One of the client libraries, by a few words that are the same for all."""

    def __init__(self, call: Callable[..., Any], kind: str) -> None:
        self._call = call
        self.unified = kind.startswith("ccxt")

    async def buy(self, client_order_id: str) -> None:
        if self.unified:
            await self._call(
                "create_order", SYMBOL, "limit", "buy", 1, 100, {"clientOrderId": client_order_id}
            )
        else:
            await self._call(
                "create_order",
                symbol=MARKET,
                side="BUY",
                type="LIMIT",
                quantity=1,
                price="100",
                newClientOrderId=client_order_id,
            )

    async def ask(self, what: str) -> None:
        """Ask for orders or trades by one of the ways there are, or cancel."""
        by_id = {"symbol": MARKET, "origClientOrderId": "mine"}
        unified, plain = {
            "fetch_order": (("fetch_order", None, SYMBOL, {"clientOrderId": "mine"}), ("get_order", by_id)),
            "cancel_order": (
                ("cancel_order", None, SYMBOL, {"clientOrderId": "mine"}),
                ("cancel_order", by_id),
            ),
            "fetch_open_orders": (("fetch_open_orders", SYMBOL), ("get_open_orders", {"symbol": MARKET})),
            "fetch_orders": (("fetch_orders", SYMBOL), ("get_all_orders", {"symbol": MARKET})),
            "fetch_closed_orders": (("fetch_closed_orders", SYMBOL), ("get_all_orders", {"symbol": MARKET})),
            "fetch_my_trades": (("fetch_my_trades", SYMBOL), ("get_my_trades", {"symbol": MARKET})),
        }[what]
        if self.unified:
            await self._call(*unified)
        else:
            await self._call(plain[0], **plain[1])


@pytest_asyncio.fixture(params=["ccxt", "ccxt.async", "python-binance", "python-binance.async"])
async def client(
    request: pytest.FixtureRequest, captured: Capture, binance: FakeBinance, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
    kind = request.param
    if kind == "ccxt":
        sync = ccxt.binance(binance.ccxt_config())
        await asyncio.to_thread(sync.load_markets)
        yield Client(lambda name, *args, **kw: asyncio.to_thread(getattr(sync, name), *args, **kw), kind)
    elif kind == "ccxt.async":
        client = ccxt.async_support.binance(binance.ccxt_config())
        await client.load_markets()
        yield Client(lambda name, *args, **kw: getattr(client, name)(*args, **kw), kind)
        await client.close()
    elif kind == "python-binance":
        plain = await asyncio.to_thread(SyncClient, "key", "secret", ping=False)
        yield Client(lambda name, *args, **kw: asyncio.to_thread(getattr(plain, name), *args, **kw), kind)
        plain.close_connection()
        plain.loop.close()  # python-binance makes one in each thread and leaves it open
    else:
        asynchronous = await AsyncClient.create("key", "secret")
        yield Client(lambda name, *args, **kw: getattr(asynchronous, name)(*args, **kw), kind)
        await asynchronous.close_connection()


def stored(binance: FakeBinance, client_order_id: str = "mine", status: str = "NEW", **more: Any) -> Any:
    """The order as Binance tells it."""
    return {**binance._order(), "orderId": 77, "clientOrderId": client_order_id, "status": status, **more}


async def lose(client: Client, binance: FakeBinance, client_order_id: str = "mine") -> None:
    """Send an order whose answer never comes."""
    binance.cut = True
    with suppress(Exception):
        await client.buy(client_order_id)
    binance.cut = False


def ids() -> list[str]:
    return [order.client_order_id for order in UNSETTLED.all()]


async def test_an_order_without_an_answer_is_unsettled_with_all_that_is_known(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    await lose(client, binance)
    (order,) = UNSETTLED.all()
    assert (order.exchange, order.client_order_id, order.side) == ("binance", "mine", "buy")
    assert order.symbol.replace("/", "") == MARKET
    submission = captured.span("create_order binance")
    assert (order.trace_id, order.span_id) == (submission.trace_id, submission.span_id)
    assert submission.attributes["exchange.order.outcome"] == "unknown"
    assert captured.span("order unknown").parent_id == submission.span_id


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("NEW", "accepted"),
        ("FILLED", "filled"),
        ("CANCELED", "canceled"),
        ("EXPIRED", "expired"),
        ("REJECTED", "rejected"),
    ],
)
async def test_asking_for_the_order_settles_it(
    status: str, outcome: str, client: Client, captured: Capture, binance: FakeBinance
) -> None:
    await lose(client, binance)
    binance._order = lambda: stored_order  # type: ignore[method-assign]
    stored_order = {**FakeBinance._order(binance), "clientOrderId": "mine", "status": status}
    await client.ask("fetch_order")
    assert ids() == []
    assert captured.value(names.SETTLED.name, {"exchange.order.outcome": outcome}) > 0


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("fetch_open_orders", "openOrders"),
        ("fetch_orders", "allOrders"),
        ("fetch_closed_orders", "allOrders"),
    ],
)
async def test_lists_of_orders_settle_those_that_they_name_and_no_others(
    call: str, path: str, client: Client, captured: Capture, binance: FakeBinance
) -> None:
    for client_order_id in ("mine", "other"):
        await lose(client, binance, client_order_id)
    status = "FILLED" if call == "fetch_closed_orders" else "NEW"
    answer = [stored(binance, "strange"), stored(binance, "mine", status, orderId=78)]
    setattr(binance, f"_{path}", lambda: answer)
    await client.ask(call)
    assert ids() == ["other"]


async def test_a_trade_settles_the_order_whose_id_it_names(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    for number in ("77", "78"):
        UNSETTLED.doubt(UnsettledOrder("binance", f"c{number}", order_id=number, symbol=SYMBOL))
    trade = {"symbol": MARKET, "id": 78, "orderId": 77, "price": "100", "qty": "1", "quoteQty": "100"}
    more = {"commission": "0", "commissionAsset": "USDT", "time": 1, "isBuyer": True, "isMaker": True}
    binance._myTrades = lambda: [{**trade, **more}]  # type: ignore[attr-defined]
    await client.ask("fetch_my_trades")
    assert ids() == ["c78"]


async def test_a_cancellation_settles_by_the_orders_own_id(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    await lose(client, binance)
    answer = stored(binance, "of the request to cancel", "CANCELED", origClientOrderId="mine")
    binance._order = lambda: answer  # type: ignore[method-assign]
    await client.ask("cancel_order")
    assert ids() == []
    assert captured.value(names.SETTLED.name, {"exchange.order.outcome": "canceled"}) > 0


async def test_that_an_order_is_not_found_settles_nothing(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    await lose(client, binance)
    binance.failure = (400, '{"code":-2013,"msg":"Order does not exist."}')
    with pytest.raises(Exception, match="-2013"):
        await client.ask("fetch_order")
    assert ids() == ["mine"]


async def test_sending_it_again_under_its_id_settles_it_if_it_is_accepted_and_not_if_it_is_rejected(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    await lose(client, binance)
    binance.failure = (400, '{"code":-2010,"msg":"Account has insufficient balance for requested action."}')
    with pytest.raises(Exception, match="insufficient balance"):
        await client.buy("mine")
    assert ids() == ["mine"]
    binance.failure = None
    answer = stored(binance)
    binance._order = lambda: answer  # type: ignore[method-assign]
    await client.buy("mine")
    assert ids() == []


async def test_what_botobs_trading_reports_too_is_doubted_once_with_the_bot(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    binance.cut = True
    with suppress(Exception), trading.decision("b1") as decision:
        order = decision.order("mine", exchange="binance", symbol=SYMBOL, side="buy", type="limit")
        with order.submission():
            await client.buy("mine")
    (one,) = UNSETTLED.all()
    assert (one.client_order_id, one.bot, one.known_as) == ("mine", "b1", "")
    assert len(captured.metrics[names.UNKNOWN.name]) == 1
    assert captured.span("order unknown").attributes["botobs.bot.id"] == "b1"


async def test_an_attempt_under_another_id_stays_unsettled_when_the_next_is_accepted(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    """The exchange takes them for two orders, and may hold both."""
    order = trading.order("mine", exchange="binance")
    binance.cut = True
    with order.submission():
        with suppress(Exception):
            await client.buy("first")
        binance.cut = False
        answer = stored(binance, "second")
        binance._order = lambda: answer  # type: ignore[method-assign]
        await client.buy("second")
    assert [(each.client_order_id, each.known_as) for each in UNSETTLED.all()] == [("first", "mine")]
    trading.order("mine", exchange="binance").settled("failed")
    assert ids() == []


async def test_the_same_attempt_again_under_its_id_settles_the_block(
    client: Client, captured: Capture, binance: FakeBinance
) -> None:
    answer = stored(binance)
    with trading.order("mine", exchange="binance").submission():
        await lose(client, binance)
        binance._order = lambda: answer  # type: ignore[method-assign]
        await client.buy("mine")
    assert ids() == []
    assert not captured.metrics.get(names.UNKNOWN.name)


async def test_every_order_of_a_batch_is_unsettled_by_itself(captured: Capture, binance: FakeBinance) -> None:
    client = ccxt.async_support.binanceusdm(binance.ccxt_config())
    try:
        await lose_batch(client, binance)
    finally:
        await client.close()
    assert ids() == ["one", "two"]
    assert len({order.key for order in UNSETTLED.all()}) == 2
    UNSETTLED.settle("binanceusdm", "filled", client_order_id="two")
    assert ids() == ["one"]


async def lose_batch(client: Any, binance: FakeBinance) -> None:
    client.urls = repointed(client.urls, binance.url)
    client.set_markets(
        [
            {
                "id": MARKET,
                "symbol": "BTC/USDT:USDT",
                "base": "BTC",
                "quote": "USDT",
                "settle": "USDT",
                "baseId": "BTC",
                "quoteId": "USDT",
                "settleId": "USDT",
                "type": "swap",
                "spot": False,
                "swap": True,
                "future": False,
                "option": False,
                "contract": True,
                "linear": True,
                "inverse": False,
                "contractSize": 1,
                "active": True,
                "info": {"orderTypes": ["LIMIT"]},
                "precision": {"amount": 0.001, "price": 0.01},
                "limits": {"amount": {}, "price": {}, "cost": {}},
            }
        ]
    )
    binance.failure = (504, "<html>Gateway Time-out</html>")
    orders = [
        {
            "symbol": "BTC/USDT:USDT",
            "type": "limit",
            "side": "buy",
            "amount": 1,
            "price": 100,
            "params": {"clientOrderId": name},
        }
        for name in ("one", "two")
    ]
    with pytest.raises(ccxt.NetworkError):
        await client.create_orders(orders)


def repointed(urls: Any, to: str) -> Any:
    if isinstance(urls, dict):
        return {key: repointed(value, to) for key, value in urls.items()}
    return to if isinstance(urls, str) else urls


def canceled(client_order_id: str) -> dict[str, Any]:
    """The event of an order that was canceled: by a request with an id of its own."""
    return {
        "e": "executionReport", "E": 1, "s": MARKET, "c": "of the request to cancel", "C": client_order_id,
        "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1", "Q": "0", "p": "100", "P": "0", "x": "CANCELED",
        "X": "CANCELED", "r": "NONE", "i": 7, "l": "0", "z": "0", "L": "0", "n": "0", "N": None, "T": 1,
        "t": -1, "w": False, "m": False, "O": 1, "Z": "0", "Y": "0",
    }  # fmt: skip


def doubt_two() -> None:
    for name in ("mine", "other"):
        UNSETTLED.doubt(UnsettledOrder("binance", name, symbol=SYMBOL))


async def test_ccxt_pros_stream_of_orders_settles(captured: Capture, binance: FakeBinance) -> None:
    client = ccxt.pro.binance(binance.ccxt_config())
    await client.load_markets()
    doubt_two()
    watching = asyncio.ensure_future(client.watch_ticker(SYMBOL))
    await until(lambda: binance.frames and binance.sockets)
    (socket,) = client.clients.values()
    # As `watch_orders` asks; on whichever socket it comes, ccxt takes the event for one about an order.
    asked = socket.future("orders")
    await binance.send(canceled("mine"))
    await asked
    assert ids() == ["other"]
    assert captured.value(names.SETTLED.name, {"exchange.order.outcome": "canceled"}) > 0
    watching.cancel()
    await client.close()


async def test_python_binances_user_stream_settles(
    captured: Capture, binance: FakeBinance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
    monkeypatch.setattr(BinanceSocketManager, "STREAM_URL", f"ws://127.0.0.1:{binance.port}/")
    client = await AsyncClient.create("key", "secret")
    doubt_two()
    async with BinanceSocketManager(client).depth_socket(MARKET) as stream:
        await until(lambda: binance.sockets)
        await binance.send(canceled("mine"))
        await stream.recv()
    assert ids() == ["other"]
    await client.close_connection()
