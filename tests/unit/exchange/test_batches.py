"""Calls that submit several orders, or one in the place of another: each order counts once, by its own answer."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import ccxt
import pytest

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import exchange as names
from botobs.semconv import trading as trading_names
from botobs.testing import Capture
from tests.support.order_desk import Behaviour, OrderDesk, order_desk

pytestmark = pytest.mark.slow

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import Client

PLACED = {
    "orderId": 77,
    "symbol": "BTCUSDT",
    "status": "NEW",
    "clientOrderId": "a",
    "price": "1",
    "origQty": "1",
}
LISTED: dict[str, Any] = {
    "orderListId": 1,
    "listClientOrderId": "list",
    "orders": [PLACED, PLACED | {"orderId": 78, "clientOrderId": "b"}],
}
REFUSED = {"code": -2019, "msg": "Margin is insufficient."}
NOT_KNOWN = {"code": -1007, "msg": "Timeout waiting for response from backend server."}


def market(symbol: str, kind: str) -> dict[str, Any]:
    """A market in ccxt's terms, so that none is asked for."""
    swap = kind == "swap"
    return {
        "id": "BTCUSDT",
        "symbol": symbol,
        "base": "BTC",
        "quote": "USDT",
        "baseId": "BTC",
        "quoteId": "USDT",
        "settle": "USDT" if swap else None,
        "type": kind,
        "spot": not swap,
        "swap": swap,
        "contract": swap,
        "linear": swap or None,
        "inverse": False if swap else None,
        "margin": False,
        "future": False,
        "option": False,
        "active": True,
        "contractSize": 1 if swap else None,
        "precision": {"amount": 0.001, "price": 0.01},
        "limits": {"amount": {"min": 0.001}, "price": {}, "cost": {}},
        "info": {"orderTypes": ["LIMIT", "MARKET"], "orderType": ["LIMIT", "MARKET"]},
    }


@pytest.fixture
def desk() -> Iterator[OrderDesk]:
    with order_desk() as listening:
        yield listening


def repointed(urls: Any, base: str) -> Any:
    if isinstance(urls, dict):
        return {key: repointed(value, base) for key, value in urls.items()}
    return base + "/" + urls.split("/", 3)[3] if urls.count("/") > 2 else base


def client(name: str, desk: OrderDesk, symbol: str, kind: str) -> Any:
    made = getattr(ccxt, name)({"apiKey": "k" * 32, "secret": "s" * 32, "password": "p", "timeout": 3000})
    made.urls["api"] = repointed({k: v for k, v in made.urls["api"].items() if k != "ws"}, desk.url)
    made.set_markets([market(symbol, kind)])
    return made


@pytest.fixture
def futures(captured: Capture, desk: OrderDesk) -> Any:
    return client("binanceusdm", desk, "BTC/USDT:USDT", "swap")


@pytest.fixture
def spot(captured: Capture, desk: OrderDesk) -> Any:
    return client("binance", desk, "BTC/USDT", "spot")


@pytest.fixture
def python_binance(captured: Capture, desk: OrderDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{desk.url}/api")
    monkeypatch.setattr("binance.base_client.BaseClient.FUTURES_URL", f"{desk.url}/fapi")
    made = Client("key", "secret", ping=False)
    yield made
    made.close_connection()
    made.loop.close()  # python-binance makes one and leaves it open


def outcomes(captured: Capture) -> dict[str, float]:
    return {
        str(point.attributes[names.ORDER_OUTCOME]): point.value
        for point in captured.metrics.get(names.ORDERS.name, [])
        if point.value
    }


ORDER = {"symbol": "BTC/USDT:USDT", "type": "limit", "side": "buy", "amount": 1, "price": 100.0}


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([PLACED, REFUSED], {"accepted": 1, "rejected": 1}),
        ([NOT_KNOWN, PLACED, REFUSED], {"unknown": 1, "accepted": 1, "rejected": 1}),
        # The answer is about fewer orders than were sent.
        ([PLACED], {"accepted": 1, "unknown": 1}),
        ([{"code": -987654, "msg": "new"}, REFUSED], {"unknown": 1, "rejected": 1}),
    ],
)
def test_each_element_of_a_batch(
    captured: Capture, desk: OrderDesk, futures: Any, elements: list[Any], expected: dict[str, int]
) -> None:
    desk.behaviours = ["take"]
    desk.answers["take"] = (200, elements)
    futures.create_orders([ORDER] * max(2, len(elements)))
    assert outcomes(captured) == expected


@pytest.mark.parametrize(
    ("behaviour", "outcome"), [("take, cut", "unknown"), ("refuse", "rejected"), ("take, fail", "unknown")]
)
def test_a_batch_that_has_one_answer_or_none(
    captured: Capture, desk: OrderDesk, futures: Any, behaviour: Behaviour, outcome: str
) -> None:
    desk.behaviours = [behaviour]
    with suppress(ccxt.BaseError):
        futures.create_orders([ORDER, ORDER, ORDER])
    assert outcomes(captured) == {outcome: 3}


class TestAnEdit:
    """Binance answers a request that cancels one order and submits another."""

    def edit(self, desk: OrderDesk, spot: Any, status: int, answer: Any) -> None:
        desk.behaviours = ["take"]
        desk.answers["take"] = (status, answer)
        with suppress(ccxt.BaseError):
            spot.edit_order("76", "BTC/USDT", "limit", "buy", 1, 100.0)

    def test_makes_a_new_order(self, captured: Capture, desk: OrderDesk, spot: Any) -> None:
        answer = {"cancelResult": "SUCCESS", "newOrderResult": "SUCCESS", "newOrderResponse": PLACED}
        self.edit(desk, spot, 200, answer)
        assert outcomes(captured) == {"accepted": 1}

    def test_is_refused_after_the_cancellation(self, captured: Capture, desk: OrderDesk, spot: Any) -> None:
        data = {"cancelResult": "SUCCESS", "newOrderResult": "FAILURE", "newOrderResponse": REFUSED}
        answer = {"code": -2021, "msg": "Order cancel-replace partially failed.", "data": data}
        self.edit(desk, spot, 409, answer)
        assert outcomes(captured) == {"rejected": 1}

    def test_places_the_new_order_though_the_old_one_was_not_there(
        self, captured: Capture, desk: OrderDesk, spot: Any
    ) -> None:
        gone = {"code": -2011, "msg": "Unknown order sent."}
        data = {
            "cancelResult": "FAILURE",
            "newOrderResult": "SUCCESS",
            "cancelResponse": gone,
            "newOrderResponse": PLACED,
        }
        self.edit(desk, spot, 409, {"code": -2021, "msg": "partially failed", "data": data})
        assert outcomes(captured) == {"accepted": 1}

    def test_is_not_attempted(self, captured: Capture, desk: OrderDesk, spot: Any) -> None:
        data = {"cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED"}
        self.edit(desk, spot, 400, {"code": -2022, "msg": "Order cancel-replace failed.", "data": data})
        # The order is there as it was.
        assert outcomes(captured) == {}
        with trading.order("mine", exchange="binance").submission():
            self.edit(desk, spot, 400, {"code": -2022, "msg": "Order cancel-replace failed.", "data": data})
        assert captured.span("order submit").attributes[trading_names.ORDER_STAGE] == "failed"

    def test_has_no_answer(self, captured: Capture, desk: OrderDesk, spot: Any) -> None:
        desk.behaviours = ["take, cut"]
        with suppress(ccxt.BaseError):
            spot.edit_order("76", "BTC/USDT", "limit", "buy", 1, 100.0)
        assert outcomes(captured) == {"unknown": 1}

    def test_of_a_client_that_cancels_and_creates(self, captured: Capture, desk: OrderDesk) -> None:
        gemini = client("gemini", desk, "BTC/USDT", "spot")
        gemini.apiKey = "account-" + "k" * 20
        desk.behaviours = ["take", "take, cut"]
        desk.answers["take"] = (200, {"order_id": "76", "is_cancelled": True})
        with suppress(ccxt.BaseError):
            gemini.edit_order("76", "BTC/USDT", "limit", "buy", 1, 100.0)
        assert outcomes(captured) == {"unknown": 1}


def test_an_amended_order_stays_one(captured: Capture, desk: OrderDesk, futures: Any) -> None:
    desk.behaviours = ["take", "take"]
    desk.answers["take"] = (200, PLACED)
    futures.create_order("BTC/USDT:USDT", "limit", "buy", 1, 100.0)
    assert outcomes(captured) == {"accepted": 1}


class TestPythonBinance:
    """Lists of orders over REST."""

    def test_an_oco_is_two_orders(self, captured: Capture, desk: OrderDesk, python_binance: Client) -> None:
        desk.behaviours = ["take"]
        reports = [PLACED, PLACED | {"orderId": 78}]
        desk.answers["take"] = (200, {"orderListId": 1, "orders": [{"orderId": 77}], "orderReports": reports})
        python_binance.create_oco_order(
            symbol="BTCUSDT", side="BUY", quantity="1", aboveType="LIMIT_MAKER", belowType="STOP_LOSS"
        )
        assert outcomes(captured) == {"accepted": 2}

    def test_an_oco_without_an_answer(
        self, captured: Capture, desk: OrderDesk, python_binance: Client
    ) -> None:
        desk.behaviours = ["take, cut"]
        with suppress(OSError):
            python_binance.create_oco_order(
                symbol="BTCUSDT", side="BUY", quantity="1", aboveType="LIMIT_MAKER", belowType="STOP_LOSS"
            )
        assert outcomes(captured) == {"unknown": 2}

    @pytest.mark.parametrize(
        ("legs", "ask", "answer"),
        [
            ({}, "v3_get_order_list", LISTED),
            ({}, "v3_get_all_order_list", [LISTED]),
            ({"aboveClientOrderId": "a", "belowClientOrderId": "b"}, "get_open_orders", LISTED["orders"]),
        ],
    )
    def test_an_oco_is_settled_by_its_list_or_by_the_ids_of_its_orders(
        self,
        legs: dict[str, str],
        ask: str,
        answer: Any,
        captured: Capture,
        desk: OrderDesk,
        python_binance: Client,
    ) -> None:
        desk.behaviours = ["take, cut"]
        with suppress(OSError):
            python_binance.create_oco_order(
                **legs,
                symbol="BTCUSDT",
                side="BUY",
                quantity="1",
                aboveType="LIMIT_MAKER",
                belowType="STOP_LOSS",
                listClientOrderId="list",
            )
        assert len(UNSETTLED.all()) == 2
        desk.other_answer = [{"listClientOrderId": "another", "orders": [PLACED | {"clientOrderId": "c"}]}]
        python_binance.v3_get_all_order_list()
        assert len(UNSETTLED.all()) == 2
        desk.other_answer = answer
        getattr(python_binance, ask)(origClientOrderId="list")
        desk.other_answer = {}
        assert not UNSETTLED.all()

    def test_a_conditional_order_is_settled(
        self, captured: Capture, desk: OrderDesk, python_binance: Client
    ) -> None:
        desk.behaviours = ["take, cut"]
        with suppress(OSError):
            python_binance.futures_create_order(
                symbol="BTCUSDT",
                side="SELL",
                type="STOP_MARKET",
                stopPrice=1,
                quantity=1,
                clientAlgoId="mine",
            )
        [order] = UNSETTLED.all()
        assert order.client_order_id == "mine"
        found = {"algoId": 5, "clientAlgoId": "mine", "symbol": "BTCUSDT", "algoStatus": "NEW"}
        desk.other_answer = found
        python_binance.futures_get_order(symbol="BTCUSDT", clientAlgoId="mine")
        desk.other_answer = {}
        assert not UNSETTLED.all()

    def test_a_batch(self, captured: Capture, desk: OrderDesk, python_binance: Client) -> None:
        desk.behaviours = ["take", "take, cut"]
        desk.answers["take"] = (200, [PLACED, REFUSED])
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
        python_binance.futures_place_batch_order(batchOrders=[dict(order), dict(order)])
        assert outcomes(captured) == {"accepted": 1, "rejected": 1}
        with suppress(OSError):
            python_binance.futures_place_batch_order(batchOrders=[dict(order), dict(order)])
        assert outcomes(captured) == {"accepted": 1, "rejected": 1, "unknown": 2}


@pytest.mark.parametrize(
    ("block", "reported"), [("a", "acknowledged"), ("b", "rejected"), ("c", "unknown"), ("d", "unknown")]
)
@pytest.mark.parametrize("library", ["ccxt", "python-binance"])
def test_a_block_around_a_batch_is_told_of_its_own_order(
    captured: Capture,
    desk: OrderDesk,
    futures: Any,
    python_binance: Client,
    library: str,
    block: str,
    reported: str,
) -> None:
    """Its id is not among them: any of them may be its order, and it is not certain what became of it."""
    desk.behaviours = ["take"]
    desk.answers["take"] = (200, [PLACED, REFUSED, NOT_KNOWN])
    with trading.order(block, exchange="binance").submission():
        if library == "ccxt":
            futures.create_orders([ORDER | {"params": {"newClientOrderId": each}} for each in "abc"])
        else:
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
            python_binance.futures_place_batch_order(
                batchOrders=[order | {"newClientOrderId": each} for each in "abc"]
            )
    assert captured.span("order submit").attributes[trading_names.ORDER_STAGE] == reported
    open_ids = {order.client_order_id for order in UNSETTLED.all()}
    assert open_ids == {"c"}
