"""Orders that are sent to an endpoint directly, which ccxt has no unified method for: they are orders all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ccxt
import pytest

from botobs._sdk.orders import UNSETTLED, purpose
from botobs.semconv import exchange as names
from botobs.testing import Capture
from tests.support.ccxt_at_desk import binance_at, outcomes
from tests.support.order_desk import Behaviour, OrderDesk

GIVEN = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 1, "newClientOrderId": "mine"}
TAKEN = {"symbol": "BTCUSDT", "orderId": 1, "clientOrderId": "mine", "status": "NEW"}
TWO = {"orderListId": 1, "orderReports": [TAKEN, {**TAKEN, "orderId": 2, "clientOrderId": "other"}]}
ONE_OF_TWO = [TAKEN, {"code": -2010, "msg": "Account has insufficient balance for requested action."}]

Call = Callable[[Any], Any]
CALLS: dict[str, tuple[Call, Any, dict[str, int]]] = {
    "order": (lambda client: client.private_post_order(dict(GIVEN)), TAKEN, {"accepted": 1}),
    "oco": (lambda client: client.private_post_orderlist_oco(dict(GIVEN)), TWO, {"accepted": 2}),
    "batch": (
        lambda client: client.fapiprivate_post_batchorders({"batchOrders": json.dumps([GIVEN, GIVEN])}),
        ONE_OF_TWO,
        {"accepted": 1, "rejected": 1},
    ),
    "twap": (
        lambda client: client.sapi_post_algo_futures_newordertwap(dict(GIVEN)),
        {"clientAlgoId": "mine", "success": True, "code": 0, "msg": "OK"},
        {"accepted": 1},
    ),
}


def submit(desk: OrderDesk, call: Call, behaviour: Behaviour, answer: Any = None) -> None:
    desk.behaviours = [behaviour]
    desk.answers = {} if answer is None else {"take": (200, answer)}
    with suppress(ccxt.BaseError):
        call(binance_at(desk.url))


@pytest.mark.parametrize("name", CALLS)
def test_each_order_counts_by_its_own_answer(name: str, desk: OrderDesk, captured: Capture) -> None:
    call, answer, expected = CALLS[name]
    submit(desk, call, "take", answer)
    assert outcomes(captured)[0] == expected


@pytest.mark.parametrize("name", CALLS)
def test_what_was_not_answered_is_unknown(name: str, desk: OrderDesk, captured: Capture) -> None:
    call, _, expected = CALLS[name]
    submit(desk, call, "take, cut")
    assert outcomes(captured)[0] == {"unknown": sum(expected.values())}
    assert UNSETTLED.waiting


def test_an_order_is_named(desk: OrderDesk, captured: Capture) -> None:
    submit(desk, CALLS["order"][0], "refuse")
    [span] = [span for span in captured.spans if span.attributes.get(names.OPERATION) == "create_order"]
    wanted = (names.SYMBOL, names.ORDER_SIDE, names.ORDER_TYPE, names.ORDER_CLIENT_ID)
    assert [span.attributes[each] for each in wanted] == ["BTCUSDT", "BUY", "MARKET", "mine"]
    assert outcomes(captured)[0] == {"rejected": 1}


def test_what_is_only_tried_is_no_order(desk: OrderDesk, captured: Capture) -> None:
    submit(desk, lambda client: client.private_post_order_test(dict(GIVEN)), "refuse")
    assert outcomes(captured)[0] == {}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "v5/order/create", "submit"),
        ("POST", "AddOrder", "submit"),
        ("POST", "private/create-order-list", "submit"),
        ("POST", "brokerage/orders/close_position", "submit"),
        ("POST", "v1/order/orders/place", "submit"),
        ("POST", "stop-order", "submit"),
        ("POST", "orders/cancel-replace", "edit"),
        ("POST", "v5/order/amend", "edit"),
        ("PUT", "fapi/v1/order", "edit"),
        ("GET", "order", None),
        ("DELETE", "order", None),
        ("POST", "order/cancel", None),
        ("POST", "order/test", None),
        ("POST", "private/OrderAmends", None),
        ("POST", "private/ClosedOrders", None),
        ("POST", "swap-api/v1/swap_hisorders", None),
        ("POST", "swap-api/v1/swap_order_detail", None),
        ("POST", "v2/orders/search", None),
        ("POST", "v3/delete-order", None),
        ("POST", "get_order_book", None),
        ("POST", "order/kill-switch", None),
        ("POST", "exchange", None),
        ("POST", "twapOrder", "submit"),
    ],
)
def test_what_a_request_is_for(method: str, path: str, expected: str | None) -> None:
    assert purpose(method, path) == expected


def test_a_unified_call_asks_about_orders_by_whatever_endpoint(desk: OrderDesk, captured: Capture) -> None:
    """What is asked for by POST, under a name like one that submits, is no order within a call that submits none."""

    class Asking(ccxt.binance):  # type: ignore[misc]
        def fetch_orders(self, *_: Any, **__: Any) -> Any:
            return self.private_post_order(dict(GIVEN))

    desk.behaviours, desk.answers = ["take"], {}
    binance_at(desk.url, Asking).fetch_orders()
    assert outcomes(captured)[0] == {}
