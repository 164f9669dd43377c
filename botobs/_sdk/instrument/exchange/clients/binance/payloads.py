"""Binance's own words in ccxt's terms, for a client that does not translate them: endpoints, orders, stream events."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from ......semconv import exchange as semconv
from ..... import orders
from .....texts import word_of
from ...names import BATCHES, EDITS, ENDPOINTS, IMPLICIT, SUBMITS
from ...order_details import values_of
from ..protocol import Call

_LAST = re.compile(r"[/.]")

#: Unified method by HTTP method and the end of the path.
_OPERATIONS = {
    ("get", "account"): "fetch_balance",
    ("get", "algoOrder"): "fetch_order",
    ("get", "allAlgoOrders"): "fetch_orders",
    ("get", "allOrderList"): "fetch_orders",
    ("get", "allOrders"): "fetch_orders",
    ("get", "depth"): "fetch_order_book",
    ("get", "exchangeInfo"): "fetch_markets",
    ("get", "klines"): "fetch_ohlcv",
    ("get", "myTrades"): "fetch_my_trades",
    ("get", "openAlgoOrders"): "fetch_open_orders",
    ("get", "openOrder"): "fetch_order",
    ("get", "openOrderList"): "fetch_open_orders",
    ("get", "openOrders"): "fetch_open_orders",
    ("get", "order"): "fetch_order",
    ("get", "orderList"): "fetch_orders",
    ("get", "time"): "fetch_time",
    ("get", "trades"): "fetch_trades",
    ("get", "userTrades"): "fetch_my_trades",
    ("get", "24hr"): "fetch_ticker",
    ("post", "order"): "create_order",
    ("post", "leverage"): "set_leverage",
    ("post", "algoOrder"): "create_order",
    ("post", "oco"): "create_order",
    ("post", "oto"): "create_order",
    ("post", "opo"): "create_order",
    ("post", "otoco"): "create_order",
    ("post", "opoco"): "create_order",
    ("post", "batchOrders"): "create_orders",
    ("post", "cancelReplace"): "edit_order",
    ("put", "order"): "edit_order",
    ("put", "batchOrders"): "edit_orders",
    ("delete", "algoOrder"): "cancel_order",
    ("delete", "batchOrders"): "cancel_orders",
    ("delete", "orderList"): "cancel_orders",
    ("delete", "order"): "cancel_order",
    ("delete", "algoOpenOrders"): "cancel_all_orders",
    ("delete", "openOrders"): "cancel_all_orders",
    ("delete", "allOpenOrders"): "cancel_all_orders",
}
#: The same over the WebSocket API, by its method. A list of orders is placed as a whole.
_WS_OPERATIONS = {
    "account.status": "fetch_balance_ws",
    "algoOrder.place": "create_order_ws",
    "myTrades": "fetch_my_trades_ws",
    "openOrders.cancelAll": "cancel_all_orders_ws",
    "openOrders.status": "fetch_open_orders_ws",
    "order.cancel": "cancel_order_ws",
    "order.cancelReplace": "edit_order_ws",
    "order.modify": "edit_order_ws",
    "order.place": "create_order_ws",
    "order.status": "fetch_order_ws",
    "order.amend.keepPriority": "edit_order_ws",
    "orderList.cancel": "cancel_orders_ws",
    "sor.order.place": "create_order_ws",
    **{
        f"orderList.place{kind}": "create_order_ws"
        for kind in ("", ".oco", ".opo", ".opoco", ".oto", ".otoco")
    },
}
#: Orders that belong together, by what their kind is called in paths and methods: with what the names of their fields
#: begin.
_LISTS = {
    "oco": ("above", "below"),
    "opo": ("working", "pending"),
    "oto": ("working", "pending"),
    "opoco": ("working", "pendingAbove", "pendingBelow"),
    "otoco": ("working", "pendingAbove", "pendingBelow"),
}
#: The same at the endpoints for an OCO that are older.
_OLDER_OCO = ("limit", "stop")
#: Orders that wait for a condition, at USD-M futures and in portfolio margin: what the names of their fields begin
#: with, and their client order id.
_CONDITIONAL = {"algo": "clientAlgoId", "strategy": "newClientStrategyId"}
_STATUSES = {
    "NEW": "open",
    "PARTIALLY_FILLED": "open",
    "TRIGGERED": "open",
    "TRIGGERING": "open",
    "FILLED": "closed",
    "CANCELED": "canceled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
}
_CHANNELS = {
    "depthUpdate": "orderbook",
    "bookTicker": "ticker",
    "24hrTicker": "ticker",
    "24hrMiniTicker": "ticker",
    "trade": "trades",
    "aggTrade": "trades",
    "kline": "ohlcv",
    "ALGO_UPDATE": "orders",
    "executionReport": "orders",
    "ORDER_TRADE_UPDATE": "orders",
    "outboundAccountPosition": "balance",
    "ACCOUNT_UPDATE": "balance",
}


def operation(method: str, path: str) -> str:
    """The unified method that an endpoint stands for."""
    if path.endswith("/system/status"):
        return "fetch_status"
    named = _OPERATIONS.get((method.lower(), path.rsplit("/", 1)[-1]))
    return named or ENDPOINTS.get(orders.purpose(method.upper(), path) or "", IMPLICIT)


def ws_operation(method: str) -> str:
    """The unified method that a method of the WebSocket API stands for."""
    return _WS_OPERATIONS.get(method, IMPLICIT)


def ws_call(message: Mapping[str, Any]) -> Call | None:
    """What a message over a WebSocket asks for; None for a subscription, which is in upper case."""
    method, data = str(message.get("method")), message.get("params")
    if method.isupper():
        return None
    return Call("", method, ws_operation(method), order_of(data), submitted(method, data))


def ws_error(answer: Mapping[str, Any]) -> str:
    """The error code in a response of the WebSocket API; empty without one."""
    error = answer.get("error")
    return str(error.get("code") or "") if isinstance(error, Mapping) else ""


def submitted(endpoint: str, data: Any) -> list[Mapping[str, Any]] | None:
    """The orders of a request that submits several; None for one that submits one.

    Args:
        endpoint: A path such as `/api/v3/orderList/oco`, or a method such as `orderList.place.oco`.
        data: What is sent.
    """
    kind = _LAST.split(endpoint)[-1]
    if kind == "batchOrders" and isinstance(data, Mapping):
        return _batch(data.get("batchOrders"))
    if endpoint == "orderList.place":
        kind = "oco"
    if kind not in _LISTS:
        return None
    given = data if isinstance(data, Mapping) else {}
    older = kind == "oco" and any(f"{leg}ClientOrderId" in given for leg in _OLDER_OCO)
    return [
        {
            "clientOrderId": given.get(f"{leg}ClientOrderId"),
            "listClientOrderId": given.get("listClientOrderId"),
        }
        for leg in (_OLDER_OCO if older else _LISTS[kind])
    ]


def _batch(given: Any) -> list[Mapping[str, Any]]:
    if isinstance(given, str):
        with contextlib.suppress(ValueError):
            given = json.loads(unquote_plus(given))
    return [order for order in given if isinstance(order, Mapping)] if isinstance(given, list) else []


def section(path: str) -> str:
    """The part of the API that a path such as `/sapi/v1/…` belongs to."""
    first = path.strip("/").split("/", 1)[0]
    return first if first.isalpha() and len(first) <= 10 else "other"


def _client_order_id(data: Mapping[str, Any]) -> Any:
    """That of the order, or of the list that a request submits."""
    names = (
        "newClientOrderId",
        "origClientOrderId",
        "listClientOrderId",
        "clientAlgoId",
        "newClientStrategyId",
    )
    return next((data[name] for name in names if data.get(name)), None)


def order_of(data: Any) -> dict[str, Any]:
    """The order that a request is about, with ccxt's keys."""
    if not isinstance(data, Mapping):
        return {}
    return {
        "symbol": data.get("symbol"),
        "side": data.get("side"),
        "type": data.get("type"),
        "id": data.get("orderId"),
        "clientOrderId": _client_order_id(data),
        "amount": data.get("quantity"),
        "price": data.get("price"),
    }


def request_attributes(data: Any, values: bool = False) -> dict[str, Any]:
    """Span attributes of the order that a request is about, with amount and price if `values`."""
    if not isinstance(data, Mapping):
        return {}
    wanted = {
        semconv.SYMBOL: data.get("symbol"),
        semconv.ORDER_SIDE: data.get("side"),
        semconv.ORDER_TYPE: data.get("type"),
        semconv.ORDER_ID: data.get("orderId"),
        semconv.ORDER_CLIENT_ID: _client_order_id(data),
    }
    texts = {key: word_of(value)[:128] for key, value in wanted.items() if value}
    return texts | (values_of(data, "quantity", "price") if values else {})


def unified(name: str, result: Any) -> Any:
    """A response as ccxt would give it, as far as it is looked at."""
    if isinstance(result, list) and name in BATCHES:
        return [unified("create_order", element) for element in result]
    if isinstance(result, list) and name not in SUBMITS | EDITS:
        return [_named(order) for element in result for order in _of_list(element)]
    if not isinstance(result, Mapping):
        return result
    together = result.get("orderReports") or result.get("orders")
    if name in SUBMITS and isinstance(together, list):
        return [unified("create_order", element) for element in together]
    if name == "fetch_orders":
        return [_named(order) for order in _of_list(result)]
    replaced = result.get("newOrderResponse")
    if name in EDITS and isinstance(replaced, Mapping):
        return unified(name, replaced)
    if name == "fetch_time":
        return result.get("serverTime")
    if name == "fetch_status":
        # https://developers.binance.com/docs/wallet/others/system-status
        return {"status": "ok" if result.get("status") == 0 else "maintenance"}
    return _named(result)


def _of_list(element: Any) -> list[Any]:
    """The orders of a list of orders that belong together, each with its list's id; of anything else that alone."""
    together = element.get("orders") if isinstance(element, Mapping) else None
    if not isinstance(together, list):
        return [element]
    name = element.get("listClientOrderId")
    return [{**order, "listClientOrderId": name} for order in together if isinstance(order, Mapping)]


def _named(result: Any) -> Any:
    """An order or a trade as ccxt would give it; anything else as it is."""
    if not isinstance(result, Mapping):
        return result
    for kind, client_id in _CONDITIONAL.items():
        if f"{kind}Id" in result:
            # When it was triggered, it has the id of the order that was placed then, too.
            return _order(result, f"{kind}Id", "symbol", f"{kind}Status", "executedQty", client_id)
    if "orderId" not in result:
        return dict(result)
    if "clientOrderId" not in result and "id" in result:
        return {"id": result.get("id"), "order": result["orderId"], "symbol": result.get("symbol")}
    # The response to a cancellation has its own id beside that of the order.
    client_id = "origClientOrderId" if result.get("origClientOrderId") else "clientOrderId"
    return _order(result, "orderId", "symbol", "status", "executedQty", client_id)


def stream_update(message: Any) -> tuple[Any, str, Any] | None:
    """Key, channel and unified result of a stream's message; None for anything else."""
    data = message.get("data", message) if isinstance(message, Mapping) else None
    event = data.get("e") if isinstance(data, Mapping) else None
    channel = _CHANNELS.get(event) if isinstance(event, str) else None
    if channel is None or not isinstance(data, Mapping):
        return None
    key = (event, str(data.get("s")))
    if channel == "orders":
        order = data.get("o") if isinstance(data.get("o"), Mapping) else data
        if event == "ALGO_UPDATE":
            return key, channel, [_order(order, "aid", "s", "X", "z", "caid") | {"timestamp": data.get("E")}]
        # A cancellation has its own id in `c`, and that of the order in `C`.
        client_id = "C" if isinstance(order, Mapping) and order.get("C") else "c"
        return key, channel, [_order(order, "i", "s", "X", "z", client_id) | {"timestamp": data.get("E")}]
    return key, channel, {"symbol": data.get("s"), "timestamp": data.get("E")}


def is_listen_key_expired(message: Any) -> bool:
    """Whether a message says that the listen key of its stream is not valid any more."""
    data = message.get("data", message) if isinstance(message, Mapping) else None
    return isinstance(data, Mapping) and data.get("e") == "listenKeyExpired"


def _order(raw: Any, identity: str, symbol: str, status: str, filled: str, client_id: str) -> dict[str, Any]:
    order = {
        "id": raw.get(identity),
        "listClientOrderId": raw.get("listClientOrderId"),
        "symbol": raw.get(symbol),
        "status": _STATUSES.get(str(raw.get(status))),
        "clientOrderId": raw.get(client_id),
        "filled": 0.0,
    }
    with contextlib.suppress(TypeError, ValueError):
        order["filled"] = float(raw.get(filled) or 0)
    return order
