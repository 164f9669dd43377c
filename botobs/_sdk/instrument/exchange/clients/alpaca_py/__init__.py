"""alpaca-py, the client of Alpaca: https://github.com/alpacahq/alpaca-py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from ..plain import NO_SOCKET_ORDERS, number, plain, without_ids
from ..protocol import Call, ExchangeClient, Update

#: https://docs.alpaca.markets/reference, by method and path.
_OPERATIONS: dict[tuple[str, str], str] = {
    ("DELETE", "/orders"): "cancel_all_orders",
    ("DELETE", "/orders/{id}"): "cancel_order",
    ("DELETE", "/positions"): "close_all_positions",
    ("DELETE", "/positions/{id}"): "close_position",
    ("GET", "/account"): "fetch_balance",
    ("GET", "/assets"): "fetch_markets",
    ("GET", "/clock"): "fetch_time",
    ("GET", "/orders"): "fetch_orders",
    ("GET", "/orders/{id}"): "fetch_order",
    ("GET", "/orders:by_client_order_id"): "fetch_order",
    ("GET", "/positions"): "fetch_positions",
    ("GET", "/positions/{id}"): "fetch_position",
    ("PATCH", "/orders/{id}"): "edit_order",
    ("POST", "/orders"): "create_order",
}
#: What is named by its symbol.
_BY_SYMBOL = frozenset({"assets", "positions"})
#: https://docs.alpaca.markets/docs/orders-at-alpaca#order-lifecycle
_STATUSES = {
    "filled": "closed",
    "canceled": "canceled",
    "replaced": "canceled",
    "expired": "expired",
    "done_for_day": "expired",
    "rejected": "rejected",
}
#: Messages of market data, by `T`.
_CHANNELS = {"b": "ohlcv", "o": "orderbook", "q": "ticker", "t": "trades"}


class AlpacaPy(ExchangeClient):
    """alpaca-py 0.30 and later: trading, market data and their streams."""

    name = "alpaca_py"
    library = "alpaca"
    exchange = "alpaca"
    session = "_session"
    calls = ("alpaca.common.rest:RESTClient._request",)
    sockets = (
        "alpaca.trading.stream:TradingStream._connect",
        "alpaca.data.live.websocket:DataStream._connect",
    )
    messages = (
        "alpaca.trading.stream:TradingStream._dispatch",
        "alpaca.data.live.websocket:DataStream._dispatch",
    )
    credentials = ("_api_key", "_secret_key", "_oauth_token")
    impossible: ClassVar[Mapping[str, str]] = {
        "sequence": "Alpaca does not number its messages",
        "socket_order": NO_SOCKET_ORDERS,
    }

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`_request(method, path, data, base_url, api_version)`."""
        method, path = str(arguments["method"]).upper(), without_ids(str(arguments["path"]))
        section, _, name = path.lstrip("/").partition("/")
        if section in _BY_SYMBOL and name and "/" not in name:
            path = f"/{section}/{{id}}"
        given = arguments.get("data")
        order = given if isinstance(given, Mapping) else {}
        return Call(method, path, _OPERATIONS.get((method, path), "implicit"), _order(order), None, order)

    def result(self, call: Call, result: Any) -> Any:
        """JSON, which is made an object of the library's later."""
        if isinstance(result, list) and call.operation == "fetch_orders":
            return [_unified(each) for each in result if isinstance(each, Mapping)]
        if isinstance(result, list) and call.operation == "close_all_positions":
            return [_closed(each) for each in result if isinstance(each, Mapping)]
        return _unified(result) if isinstance(result, Mapping) and "client_order_id" in result else None

    def time(self, call: Call, result: Any) -> float | None:
        """The time in a response of `/clock`, in seconds since the epoch; None for other calls."""
        if call.operation != "fetch_time" or not isinstance(result, Mapping):
            return None
        return datetime.fromisoformat(str(result["timestamp"])).timestamp()

    def socket(self, client: Any) -> Any:
        """Return `_ws`, which both stream classes have."""
        return client._ws

    def message(self, client: Any, arguments: Mapping[str, Any]) -> Iterable[Update]:  # noqa: ARG002 - as above
        """Read the arguments of `_dispatch(msg)`."""
        message = arguments["msg"]
        if message.get("stream") == "trade_updates":
            return (Update("trade_updates", "orders", [_unified(plain(message["data"].get("order")))]),)
        channel = _CHANNELS.get(str(message.get("T")))
        if channel is None:
            return ()
        moment = message.get("t")
        milliseconds = (
            moment.seconds * 1000 + moment.nanoseconds / 1e6 if hasattr(moment, "nanoseconds") else None
        )
        symbol = message.get("S")
        return (Update((channel, symbol), channel, {"symbol": symbol, "timestamp": milliseconds}),)


def _order(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "symbol": given.get("symbol"),
        "side": given.get("side"),
        "type": given.get("type"),
        "clientOrderId": given.get("client_order_id"),
        "amount": given.get("qty"),
        "price": given.get("limit_price"),
    }


def _closed(position: Mapping[str, Any]) -> dict[str, Any]:
    """One of the positions that were closed: its order, or the refusal of it.

    https://docs.alpaca.markets/reference/deleteallopenpositions
    """
    body = position.get("body")
    said = body if isinstance(body, Mapping) else {}
    refused = number(position.get("status")) >= 400
    return (
        {**_unified(said), "code": said.get("code") or position.get("status")} if refused else _unified(said)
    )


def _unified(order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": order.get("id"),
        "clientOrderId": order.get("client_order_id"),
        "symbol": order.get("symbol"),
        "status": _STATUSES.get(str(order.get("status")), "open"),
        "filled": number(order.get("filled_qty")),
    }
