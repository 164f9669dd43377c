"""Binance's own words in ccxt's terms, for a client that does not translate them: endpoints, orders, stream events."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ......semconv import exchange as semconv
from ...names import IMPLICIT

#: Unified method by HTTP method and the end of the path.
_OPERATIONS = {
    ("get", "account"): "fetch_balance",
    ("get", "allOrders"): "fetch_orders",
    ("get", "depth"): "fetch_order_book",
    ("get", "exchangeInfo"): "fetch_markets",
    ("get", "klines"): "fetch_ohlcv",
    ("get", "myTrades"): "fetch_my_trades",
    ("get", "openOrders"): "fetch_open_orders",
    ("get", "order"): "fetch_order",
    ("get", "time"): "fetch_time",
    ("get", "trades"): "fetch_trades",
    ("get", "24hr"): "fetch_ticker",
    ("post", "order"): "create_order",
    ("post", "leverage"): "set_leverage",
    ("delete", "order"): "cancel_order",
    ("delete", "openOrders"): "cancel_all_orders",
    ("delete", "allOpenOrders"): "cancel_all_orders",
}
_STATUSES = {
    "NEW": "open",
    "PARTIALLY_FILLED": "open",
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
    "executionReport": "orders",
    "ORDER_TRADE_UPDATE": "orders",
    "outboundAccountPosition": "balance",
    "ACCOUNT_UPDATE": "balance",
}


def operation(method: str, path: str) -> str:
    """The unified method that an endpoint stands for."""
    return _OPERATIONS.get((method.lower(), path.rsplit("/", 1)[-1]), IMPLICIT)


def section(path: str) -> str:
    """The part of the API that a path such as `/sapi/v1/…` belongs to."""
    first = path.strip("/").split("/", 1)[0]
    return first if first.isalpha() and len(first) <= 10 else "other"


def request_attributes(data: Any) -> dict[str, Any]:
    """What a request tells about an order."""
    if not isinstance(data, Mapping):
        return {}
    wanted = {
        semconv.SYMBOL: data.get("symbol"),
        semconv.ORDER_SIDE: data.get("side"),
        semconv.ORDER_TYPE: data.get("type"),
        semconv.ORDER_ID: data.get("orderId"),
        semconv.ORDER_CLIENT_ID: data.get("newClientOrderId") or data.get("origClientOrderId"),
    }
    return {key: str(getattr(value, "value", value))[:128] for key, value in wanted.items() if value}


def unified(name: str, result: Any) -> Any:
    """An answer as ccxt would give it, as far as it is looked at."""
    if not isinstance(result, Mapping):
        return result
    if name == "fetch_time":
        return result.get("serverTime")
    if "orderId" in result:
        return _order(result, "orderId", "symbol", "status", "executedQty", "clientOrderId")
    return dict(result)


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
        return key, channel, [_order(order, "i", "s", "X", "z", "c") | {"timestamp": data.get("E")}]
    return key, channel, {"symbol": data.get("s"), "timestamp": data.get("E")}


def _order(raw: Any, identity: str, symbol: str, status: str, filled: str, client_id: str) -> dict[str, Any]:
    order = {
        "id": raw.get(identity),
        "symbol": raw.get(symbol),
        "status": _STATUSES.get(str(raw.get(status))),
        "clientOrderId": raw.get(client_id),
        "filled": 0.0,
    }
    with contextlib.suppress(TypeError, ValueError):
        order["filled"] = float(raw.get(filled) or 0)
    return order
