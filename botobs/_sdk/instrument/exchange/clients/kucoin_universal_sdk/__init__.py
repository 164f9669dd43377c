"""KuCoin's universal SDK: https://github.com/Kucoin/kucoin-universal-sdk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..plain import number, plain, without_ids
from ..protocol import Call, ExchangeClient, Update

#: https://www.kucoin.com/docs-new, by method and path.
_OPERATIONS: dict[tuple[str, str], str] = {
    ("DELETE", "/api/v1/hf/orders/{id}"): "cancel_order",
    ("DELETE", "/api/v1/hf/orders"): "cancel_all_orders",
    ("DELETE", "/api/v1/orders/{id}"): "cancel_order",
    ("GET", "/api/v1/accounts"): "fetch_balance",
    ("GET", "/api/v1/hf/fills"): "fetch_my_trades",
    ("GET", "/api/v1/hf/orders/active"): "fetch_open_orders",
    ("GET", "/api/v1/hf/orders/{id}"): "fetch_order",
    ("GET", "/api/v1/market/allTickers"): "fetch_tickers",
    ("GET", "/api/v1/market/candles"): "fetch_ohlcv",
    ("GET", "/api/v1/market/histories"): "fetch_trades",
    ("GET", "/api/v1/market/orderbook/level1"): "fetch_ticker",
    ("GET", "/api/v1/positions"): "fetch_positions",
    ("GET", "/api/v1/status"): "fetch_status",
    ("GET", "/api/v1/timestamp"): "fetch_time",
    ("GET", "/api/v2/symbols"): "fetch_markets",
    ("GET", "/api/v3/market/orderbook/level2"): "fetch_order_book",
    ("POST", "/api/v1/hf/orders"): "create_order",
    ("POST", "/api/v1/hf/orders/alter"): "edit_order",
    ("POST", "/api/v1/hf/orders/multi"): "create_orders",
    ("POST", "/api/v1/hf/orders/multi/sync"): "create_orders",
    ("POST", "/api/v1/hf/orders/sync"): "create_order",
    ("POST", "/api/v1/orders"): "create_order",
    ("POST", "/api/v1/orders/multi"): "create_orders",
    ("POST", "/api/v3/hf/margin/order"): "create_order",
}
#: Of kucoin-universal-sdk 1.3 and later, for unified accounts.
_SOCKET_ORDERS = "kucoin_universal_sdk.internal.infra.uta_private_trade_ws_service:UtaPrivateTradeWsService"
_SOCKET_OPERATIONS = {
    "uta.amend": "edit_order_ws",
    "uta.cancel": "cancel_order_ws",
    "uta.order": "create_order_ws",
}
_CHANNELS = (
    ("/market/level2", "orderbook"),
    ("/spotMarket/level2", "orderbook"),
    ("/contractMarket/level2", "orderbook"),
    ("/market/ticker", "ticker"),
    ("/market/snapshot", "ticker"),
    ("/market/match", "trades"),
    ("/market/candles", "ohlcv"),
    ("/spotMarket/tradeOrders", "orders"),
    ("/account/balance", "balance"),
)
_STATUSES = {"canceled": "canceled", "filled": "closed"}


class KucoinUniversalSdk(ExchangeClient):
    """kucoin-universal-sdk 1.2 and later: HTTP and streams."""

    name = "kucoin_universal_sdk"
    library = "kucoin_universal_sdk"
    exchange = "kucoin"
    session = "http_client"
    calls = ("kucoin_universal_sdk.internal.infra.default_transport:DefaultTransport.call",)
    requests = (f"{_SOCKET_ORDERS}._request",)
    sockets = (
        "kucoin_universal_sdk.internal.infra.default_ws_client:WebSocketClient.dial",
        f"{_SOCKET_ORDERS}._connect",
    )
    messages = ("kucoin_universal_sdk.internal.infra.default_ws_service:DefaultWsService.on_message",)
    credentials = ("client_option.key", "client_option.secret", "client_option.passphrase")

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`call(domain, broker, method, path, request_obj, response_obj, request_as_json)`."""
        method = str(arguments["method"]).upper()
        path = without_ids(str(arguments["path"]).replace("{orderId}", "{id}").replace("{order-id}", "{id}"))
        given = plain(arguments.get("request_obj"))
        several = given.get("orderList")
        return Call(
            method,
            path,
            _OPERATIONS.get((method, path), "implicit"),
            _order(given),
            [_order(plain(each)) for each in several] if isinstance(several, list) else None,
            given,
        )

    def request(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """Read the arguments of `_request(operation, args)`."""
        name = str(arguments["operation"])
        return Call("", name, _SOCKET_OPERATIONS.get(name, "implicit"), _order(arguments["args"]))

    def request_id(self, message: Mapping[str, Any]) -> str:
        """Return `id`, which the library makes."""
        return str(message.get("id") or "")

    def error(self, call: Call, result: Any) -> str:
        """The error in a WebSocket's response; HTTP calls raise."""
        code = "" if call.method else str(result.get("code") or "")
        return "" if code == "200000" else code

    def result(self, call: Call, result: Any) -> Any:
        """The library's own object; several orders are its `data`. A WebSocket's response has the order there."""
        response = plain(result)
        if not call.method:
            return _unified(plain(response.get("data")))
        if call.operation == "fetch_status":
            # https://www.kucoin.com/docs-new/rest/spot-trading/market-data/get-service-status
            return {"status": "ok" if response.get("status") == "open" else "maintenance"}
        several = response.get("data")
        if call.orders is not None:
            return [_unified(plain(each)) for each in several] if isinstance(several, list) else None
        return _unified(response) if "orderId" in response or "id" in response else None

    def time(self, call: Call, result: Any) -> float | None:
        """The time in a response of `/api/v1/timestamp`, in seconds since the epoch; None for other calls."""
        if call.operation != "fetch_time":
            return None
        return number(plain(result).get("data")) / 1000 or None

    def socket(self, client: Any) -> Any:
        """The service's client has the app, which has the socket; where orders are sent the service has it."""
        app = getattr(getattr(client, "client", None), "conn", None) or getattr(client, "_socket", None)
        return getattr(app, "sock", None)

    def message(self, client: Any, arguments: Mapping[str, Any]) -> Iterable[Update]:  # noqa: ARG002 - as above
        """Read the arguments of `on_message(msg)`."""
        message = arguments["msg"]
        topic = getattr(message, "topic", None)
        if getattr(message, "type", None) != "message" or not topic:
            return ()
        data = message.raw_data if isinstance(message.raw_data, Mapping) else {}
        channel = next((channel for start, channel in _CHANNELS if topic.startswith(start)), "other")
        if channel == "orders":
            return (Update(topic, channel, [_streamed(data)]),)
        first, last = data.get("sequenceStart"), data.get("sequenceEnd")
        numbers = (int(first), int(last)) if first is not None and last is not None else None
        update = {"symbol": data.get("symbol"), "timestamp": data.get("time") or data.get("Time")}
        return (Update(topic, channel, update, sequence=numbers),)


def _order(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "symbol": given.get("symbol"),
        "side": given.get("side"),
        "type": given.get("type") or given.get("orderType"),
        "id": given.get("orderId"),
        "clientOrderId": given.get("clientOid"),
        "amount": given.get("size"),
        "price": given.get("price"),
    }


def _unified(order: Mapping[str, Any]) -> dict[str, Any]:
    refused = order.get("success") is False
    return {
        "id": None if refused else order.get("orderId") or order.get("id"),
        "clientOrderId": order.get("clientOid"),
        "symbol": order.get("symbol"),
        "status": "rejected" if refused else None,
        "filled": number(order.get("dealSize")),
    }


def _streamed(data: Mapping[str, Any]) -> dict[str, Any]:
    """https://www.kucoin.com/docs-new/3470074w0"""
    return {
        "id": data.get("orderId"),
        "clientOrderId": data.get("clientOid"),
        "symbol": data.get("symbol"),
        "status": _STATUSES.get(str(data.get("type")), "open"),
        "filled": number(data.get("filledSize")),
    }
