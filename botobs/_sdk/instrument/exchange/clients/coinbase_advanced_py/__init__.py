"""coinbase-advanced-py, the client of Coinbase: https://github.com/coinbase/coinbase-advanced-py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ...names import SUBMITS
from ..plain import NO_SOCKET_ORDERS, UNDECODED, number, plain, without_ids
from ..protocol import Call, ExchangeClient

_API = "/api/v3/brokerage"
#: https://docs.cdp.coinbase.com/api-reference/advanced-trade-api, by method and path below `_API`.
_OPERATIONS: dict[tuple[str, str], str] = {
    ("GET", "/accounts"): "fetch_balance",
    ("GET", "/market/products"): "fetch_markets",
    ("GET", "/orders/historical/batch"): "fetch_orders",
    ("GET", "/orders/historical/fills"): "fetch_my_trades",
    ("GET", "/orders/historical/{id}"): "fetch_order",
    ("GET", "/product_book"): "fetch_order_book",
    ("GET", "/products"): "fetch_markets",
    ("GET", "/time"): "fetch_time",
    ("POST", "/orders"): "create_order",
    ("POST", "/orders/batch_cancel"): "cancel_orders",
    ("POST", "/orders/close_position"): "close_position",
    ("POST", "/orders/edit"): "edit_order",
}
_STATUSES = {
    "OPEN": "open",
    "PENDING": "open",
    "FILLED": "closed",
    "CANCELLED": "canceled",
    "EXPIRED": "expired",
    "FAILED": "rejected",
}


class CoinbaseAdvancedPy(ExchangeClient):
    """coinbase-advanced-py 1.7 and later: HTTP and streams."""

    name = "coinbase_advanced_py"
    library = "coinbase"
    exchange = "coinbase"
    session = "session"
    calls = ("coinbase.rest.rest_base:RESTBase.prepare_and_send_request",)
    sockets = ("coinbase.websocket.websocket_base:WSBase.open_async",)
    credentials = ("api_key", "api_secret")
    impossible: ClassVar[Mapping[str, str]] = {
        "sequence": UNDECODED,
        "socket_order": NO_SOCKET_ORDERS,
    }

    def address(self, client: Any) -> str:
        """Return `base_url`, which is a host."""
        return f"https://{client.base_url}"

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`prepare_and_send_request(http_method, url_path, params, data, public)`."""
        method, path = str(arguments["http_method"]), without_ids(str(arguments["url_path"]))
        given = arguments.get("data") or {}
        name = _OPERATIONS.get((method, path.removeprefix(_API)), "implicit")
        return Call(method, path, name, _order(given), None, given)

    def result(self, call: Call, result: Any) -> Any:
        """An order that is taken is in `success_response`, one that is asked for in `order`."""
        order = plain(result)
        if call.operation in SUBMITS:
            order = plain(order.get("success_response"))
        elif call.operation == "fetch_order":
            order = plain(order.get("order"))
        return {
            "id": order.get("order_id"),
            "clientOrderId": order.get("client_order_id"),
            "symbol": order.get("product_id"),
            "status": _STATUSES.get(str(order.get("status"))),
            "filled": number(order.get("filled_size")),
        }

    def error(self, call: Call, result: Any) -> str:  # noqa: ARG002 - the protocol's
        """`success` is false, and `error_response` says why."""
        response = plain(result)
        if response.get("success") is not False:
            return ""
        why = plain(response.get("error_response"))
        return str(why.get("error") or why.get("new_order_failure_reason") or "UNKNOWN_FAILURE_REASON")

    def time(self, call: Call, result: Any) -> float | None:
        """The time in a response of `/time`, in seconds since the epoch; None for other calls."""
        if call.operation != "fetch_time":
            return None
        return number(plain(result).get("epochMillis")) / 1000 or None


def _order(given: Mapping[str, Any]) -> dict[str, Any]:
    configuration = plain(given.get("order_configuration"))
    kind, details = next(iter(configuration.items()), ("", {}))
    words = plain(details)
    return {
        "symbol": given.get("product_id"),
        "side": given.get("side"),
        "type": kind.partition("_")[0] or None,
        "id": given.get("order_id"),
        "clientOrderId": given.get("client_order_id"),
        "amount": words.get("base_size"),
        "price": words.get("limit_price"),
    }
