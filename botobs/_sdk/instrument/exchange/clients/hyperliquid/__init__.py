"""Hyperliquid's Python SDK: https://github.com/hyperliquid-dex/hyperliquid-python-sdk. Its errors are sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ..... import orders
from ..plain import NO_SOCKET_ORDERS, number
from ..protocol import Call, ExchangeClient, LimitState, Update

#: By the type of an action or of a question. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api
_OPERATIONS: dict[str, str] = {
    "allMids": "fetch_tickers",
    "batchModify": "edit_orders",
    "candleSnapshot": "fetch_ohlcv",
    "cancel": "cancel_orders",
    "cancelByCloid": "cancel_orders",
    "clearinghouseState": "fetch_positions",
    "l2Book": "fetch_order_book",
    "meta": "fetch_markets",
    "modify": "edit_order",
    "openOrders": "fetch_open_orders",
    "order": "create_orders",
    "orderStatus": "fetch_order",
    "scheduleCancel": "cancel_all_orders_after",
    "spotClearinghouseState": "fetch_balance",
    "spotMeta": "fetch_markets",
    "twapOrder": "create_order",
    "updateLeverage": "set_leverage",
    "userFills": "fetch_my_trades",
}
_ONE = {"create_orders": "create_order", "cancel_orders": "cancel_order", "edit_orders": "edit_order"}
_CHANNELS = {
    "l2Book": "orderbook",
    "bbo": "ticker",
    "allMids": "ticker",
    "trades": "trades",
    "candle": "ohlcv",
    "orderUpdates": "orders",
}
_STATUSES = {"open": "open", "filled": "closed", "canceled": "canceled", "rejected": "rejected"}


class Hyperliquid(ExchangeClient):
    """hyperliquid-python-sdk 0.9 and later: HTTP and streams."""

    name = "hyperliquid"
    library = "hyperliquid"
    exchange = "hyperliquid"
    session = "session"
    calls = ("hyperliquid.api:API.post",)
    sockets = ("hyperliquid.websocket_manager:WebsocketManager.__init__",)
    messages = ("hyperliquid.websocket_manager:ws_msg_to_identifier",)
    impossible: ClassVar[Mapping[str, str]] = {
        "reconnects": "the library does not reconnect by itself; a lost connection is reported",
        "sequence": "Hyperliquid does not number its messages",
        "socket_order": NO_SOCKET_ORDERS,
    }

    def address(self, client: Any) -> str:
        """Return `base_url`."""
        return str(client.base_url)

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:
        """Read the arguments of `post(url_path, payload)`."""
        path, payload = str(arguments["url_path"]), arguments.get("payload") or {}
        action = payload.get("action") or payload
        name = _OPERATIONS.get(str(action.get("type")), "implicit")
        several = action.get("orders") or action.get("modifies") or action.get("cancels") or []
        given = [_order(client, each.get("order", each)) for each in several]
        if len(given) == 1:
            return Call("POST", path, _ONE.get(name, name), given[0], None, action)
        submits = name in ("create_orders", "edit_orders")
        return Call("POST", path, name, {}, given if submits else None, action)

    def result(self, call: Call, result: Any) -> Any:
        """One status for each order."""
        found = [_unified(each, call) for each in _statuses(result)]
        if call.orders is not None:
            return found
        return found[0] if found else None

    def error(self, call: Call, result: Any) -> str:
        """The known part of the error sentence; empty where there is no error."""
        if not isinstance(result, Mapping):
            return ""
        if result.get("status") == "err":
            return _known(str(result.get("response")))
        statuses = _statuses(result)
        if call.orders is None and len(statuses) == 1 and "error" in statuses[0]:
            return _known(str(statuses[0]["error"]))
        return ""

    def limits(self, call: Call, result: Any) -> Iterable[LimitState]:
        """`userRateLimit`: how many requests an address has, and how many it has used."""
        if call.path == "/info" and isinstance(result, Mapping) and "nRequestsCap" in result:
            cap, used = number(result["nRequestsCap"]), number(result.get("nRequestsUsed"))
            yield LimitState("address", used, cap, max(0.0, cap - used))

    def message(self, client: Any, arguments: Mapping[str, Any]) -> Iterable[Update]:  # noqa: ARG002 - as above
        """`ws_msg_to_identifier(ws_msg)`, which each message but the first passes."""
        message = arguments["ws_msg"]
        channel = _CHANNELS.get(str(message.get("channel")))
        data = message.get("data")
        if channel is None:
            return ()
        if channel == "orders":
            return (Update("orderUpdates", channel, [_streamed(each) for each in data or ()]),)
        first = data[0] if isinstance(data, list) and data else data
        update = first if isinstance(first, Mapping) else {}
        symbol = update.get("coin") or update.get("s")
        return (Update((channel, symbol), channel, {"symbol": symbol, "timestamp": update.get("time")}),)


def _order(client: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """An order in its short form, of which the asset is a number."""
    assets = getattr(getattr(client, "info", None), "coin_to_asset", None) or {}
    symbol = next((name for name, asset in assets.items() if asset == given.get("a")), None)
    side = given.get("b")
    return {
        "symbol": symbol,
        "side": None if side is None else "buy" if side else "sell",
        "type": "limit" if "limit" in (given.get("t") or {}) else None,
        "id": given.get("o"),
        "clientOrderId": given.get("c") or given.get("cloid"),
        "amount": given.get("s"),
        "price": given.get("p"),
    }


def _statuses(result: Any) -> list[Mapping[str, Any]]:
    response = result.get("response") if isinstance(result, Mapping) else None
    data = response.get("data") if isinstance(response, Mapping) else None
    found = data.get("statuses") if isinstance(data, Mapping) else None
    return [each if isinstance(each, Mapping) else {} for each in found] if isinstance(found, list) else []


def _unified(status: Mapping[str, Any], call: Call) -> dict[str, Any]:
    taken = status.get("resting") or status.get("filled") or {}
    return {
        "id": taken.get("oid"),
        "clientOrderId": taken.get("cloid") or call.order.get("clientOrderId"),
        "symbol": call.order.get("symbol"),
        "status": "rejected" if "error" in status else "closed" if "filled" in status else "open",
        "filled": number(taken.get("totalSz")),
    }


def _streamed(update: Mapping[str, Any]) -> dict[str, Any]:
    order = update.get("order") or {}
    return {
        "id": order.get("oid"),
        "clientOrderId": order.get("cloid"),
        "symbol": order.get("coin"),
        "status": _STATUSES.get(str(update.get("status"))),
        "filled": number(order.get("origSz")) - number(order.get("sz")),
    }


def _known(sentence: str) -> str:
    return orders.listed_phrase("hyperliquid", sentence) or "ExchangeError"
