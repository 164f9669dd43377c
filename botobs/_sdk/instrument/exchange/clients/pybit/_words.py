"""Bybit's words in ccxt's: endpoints, orders, topics. https://bybit-exchange.github.io/docs/v5/intro"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..protocol import Update

#: Unified methods by path.
OPERATIONS: dict[str, str] = {
    "/v5/account/wallet-balance": "fetch_balance",
    "/v5/execution/list": "fetch_my_trades",
    "/v5/market/instruments-info": "fetch_markets",
    "/v5/market/kline": "fetch_ohlcv",
    "/v5/market/orderbook": "fetch_order_book",
    "/v5/market/recent-trade": "fetch_trades",
    "/v5/market/tickers": "fetch_ticker",
    "/v5/market/time": "fetch_time",
    "/v5/order/amend": "edit_order",
    "/v5/order/amend-batch": "edit_orders",
    "/v5/order/cancel": "cancel_order",
    "/v5/order/cancel-all": "cancel_all_orders",
    "/v5/order/cancel-batch": "cancel_orders",
    "/v5/order/create": "create_order",
    "/v5/order/create-batch": "create_orders",
    "/v5/order/history": "fetch_orders",
    "/v5/order/realtime": "fetch_open_orders",
    "/v5/position/list": "fetch_positions",
    "/v5/position/set-leverage": "set_leverage",
    "/v5/system/status": "fetch_status",
}
#: The same over WebSockets. https://bybit-exchange.github.io/docs/v5/websocket/trade/guideline
SOCKET_OPERATIONS: dict[str, str] = {
    "order.amend": "edit_order_ws",
    "order.amend-batch": "edit_orders_ws",
    "order.cancel": "cancel_order_ws",
    "order.cancel-batch": "cancel_orders_ws",
    "order.create": "create_order_ws",
    "order.create-batch": "create_orders_ws",
}
#: ccxt's statuses. https://bybit-exchange.github.io/docs/v5/enum#orderstatus
_STATUSES = {
    "New": "open",
    "PartiallyFilled": "open",
    "Untriggered": "open",
    "Triggered": "open",
    "Filled": "closed",
    "Cancelled": "canceled",
    "PartiallyFilledCanceled": "canceled",
    "Deactivated": "canceled",
    "Rejected": "rejected",
}
_CHANNELS = {
    "orderbook": "orderbook",
    "publicTrade": "trades",
    "tickers": "ticker",
    "kline": "ohlcv",
    "order": "orders",
    "execution": "my_trades",
    "wallet": "balance",
    "position": "positions",
}


def order(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a request says about an order or a market."""
    return {
        "symbol": given.get("symbol"),
        "side": given.get("side"),
        "type": given.get("orderType"),
        "id": given.get("orderId"),
        "clientOrderId": given.get("orderLinkId"),
        "amount": given.get("qty"),
        "price": given.get("price"),
    }


def unified(order: Mapping[str, Any]) -> dict[str, Any]:
    """An order as ccxt would give it."""
    filled = order.get("cumExecQty")
    return {
        "id": order.get("orderId"),
        "clientOrderId": order.get("orderLinkId"),
        "symbol": order.get("symbol"),
        "status": _STATUSES.get(str(order.get("orderStatus"))),
        "filled": float(filled) if filled else 0.0,
    }


def status(notices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """https://bybit-exchange.github.io/docs/v5/system-status; what is only planned leaves it well."""
    running = [each for each in notices if each.get("state") == "ongoing"]
    if not running:
        return {"status": "ok"}
    return {"status": "maintenance", "eta": max(float(each.get("end") or 0) for each in running)}


def batch(orders: Sequence[Mapping[str, Any]], codes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The orders of a batch, each with its own code."""
    found = [unified(each) for each in orders]
    for each, said in zip(found, codes, strict=False):
        if said.get("code"):
            # A refused order comes back with its client order id alone.
            each |= {"code": said["code"], "id": None}
    return found


_SIDES = (("bids", "b"), ("asks", "a"))


def update(topic: str, message: Mapping[str, Any]) -> Update:
    """A message of a stream, named `orderbook.50.BTCUSDT` or `order` for example."""
    kind, _, market = topic.partition(".")
    channel = _CHANNELS.get(kind, "other")
    data = message.get("data")
    if channel == "orders":
        return Update(topic, channel, [unified(each) for each in data or ()])
    if channel == "my_trades":
        return Update(topic, channel, [_trade(each) for each in data or ()])
    details = {
        "symbol": market.rpartition(".")[2],
        "timestamp": message.get("ts") or message.get("creationTime"),
    }
    if channel == "orderbook" and message.get("type") == "snapshot" and isinstance(data, Mapping):
        # A delta holds what has changed, which is no book.
        details |= {side: [[float(level[0])] for level in data.get(key, ())[:1]] for side, key in _SIDES}
    return Update(topic, channel, details)


def _trade(trade: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": trade.get("execId"),
        "order": trade.get("orderId"),
        "clientOrderId": trade.get("orderLinkId"),
        "symbol": trade.get("symbol"),
    }
