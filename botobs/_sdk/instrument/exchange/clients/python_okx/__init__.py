"""python-okx, the client of OKX: https://github.com/okxapi/python-okx. It returns the exchange's errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ..plain import UNDECODED, number
from ..protocol import Call, ExchangeClient

#: https://www.okx.com/docs-v5/en/
_OPERATIONS: dict[str, str] = {
    "/api/v5/account/balance": "fetch_balance",
    "/api/v5/account/positions": "fetch_positions",
    "/api/v5/account/set-leverage": "set_leverage",
    "/api/v5/market/books": "fetch_order_book",
    "/api/v5/market/candles": "fetch_ohlcv",
    "/api/v5/market/ticker": "fetch_ticker",
    "/api/v5/market/tickers": "fetch_tickers",
    "/api/v5/market/trades": "fetch_trades",
    "/api/v5/public/instruments": "fetch_markets",
    "/api/v5/public/time": "fetch_time",
    "/api/v5/system/status": "fetch_status",
    "/api/v5/trade/amend-batch-orders": "edit_orders",
    "/api/v5/trade/amend-order": "edit_order",
    "/api/v5/trade/batch-orders": "create_orders",
    "/api/v5/trade/close-position": "close_position",
    "/api/v5/trade/cancel-batch-orders": "cancel_orders",
    "/api/v5/trade/cancel-order": "cancel_order",
    "/api/v5/trade/fills": "fetch_my_trades",
    "/api/v5/trade/order-algo": "create_order",
    "/api/v5/trade/orders-history": "fetch_orders",
    "/api/v5/trade/orders-pending": "fetch_open_orders",
}
#: The same over WebSockets.
_SOCKET_OPERATIONS: dict[str, str] = {
    "amend-order": "edit_order_ws",
    "batch-amend-orders": "edit_orders_ws",
    "batch-cancel-orders": "cancel_orders_ws",
    "batch-orders": "create_orders_ws",
    "cancel-order": "cancel_order_ws",
    "mass-cancel": "cancel_all_orders_ws",
    "order": "create_order_ws",
}
_STATUSES = {
    "live": "open",
    "partially_filled": "open",
    "filled": "closed",
    "canceled": "canceled",
    "mmp_canceled": "canceled",
}


class PythonOkx(ExchangeClient):
    """python-okx 0.3 and later: HTTP and streams."""

    name = "python_okx"
    library = "okx"
    exchange = "okx"
    http = "httpx"
    calls = ("okx.okxclient:OkxClient._request",)
    requests = ("okx.websocket.WsPrivateAsync:WsPrivateAsync.send",)
    sockets = ("okx.websocket.WebSocketFactory:WebSocketFactory.connect",)
    # Those of its HTTP clients, and of its WebSockets.
    credentials = ("API_KEY", "API_SECRET_KEY", "PASSPHRASE", "apiKey", "secretKey", "passphrase")
    impossible: ClassVar[Mapping[str, str]] = {
        "limits": "OKX says nothing of its limits in answers; what it refuses is counted",
        "reconnects": "the library does not reconnect by itself; a lost connection is reported",
        "sequence": UNDECODED,
    }

    def address(self, client: Any) -> str:
        """Return `domain`; for a WebSocket `url`."""
        return str(client.domain if hasattr(client, "domain") else client.url)

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`_request(method, request_path, params)`."""
        method, path = str(arguments["method"]), str(arguments["request_path"]).partition("?")[0]
        given = arguments.get("params") or {}
        name = _OPERATIONS.get(path, "implicit")
        if path == "/api/v5/trade/order":
            name = "create_order" if method == "POST" else "fetch_order"
        if isinstance(given, list):
            return Call(method, path, name, {}, [_order(each) for each in given], given)
        return Call(method, path, name, _order(given), None, given)

    def request(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`send(op, args)`, through which all orders go."""
        name, given = str(arguments["op"]), arguments["args"]
        operation = _SOCKET_OPERATIONS.get(name)
        if operation is None:
            return None
        found = [_order(each) for each in given]
        single = found[0] if len(found) == 1 and "batch" not in name else {}
        return Call("", name, operation, single, None if single else found)

    def request_id(self, message: Mapping[str, Any]) -> str:
        """`id`, which the caller gives. Without one, responses come in the order of requests of their kind."""
        name = str(message.get("op") or "")
        return str(message.get("id") or name) if name in _SOCKET_OPERATIONS else ""

    def socket(self, client: Any) -> Any:
        """Return `websocket`."""
        return getattr(client, "websocket", None)

    def result(self, call: Call, result: Any) -> Any:
        """Return the orders of the response's list; refused ones have a code."""
        if call.operation == "fetch_status":
            return _status(result.get("data") or ())
        found = [_unified(each) for each in result.get("data") or () if isinstance(each, Mapping)]
        if call.orders is not None or call.operation.startswith("fetch_"):
            return found
        return found[0] if found else None

    def error(self, call: Call, result: Any) -> str:
        """`code` of the response, `sCode` of the order; that a part of a batch was refused is no error of the call."""
        code = str(result.get("code", "0"))
        if code in ("0", "2"):
            return ""
        data = result.get("data")
        first = data[0] if call.orders is None and isinstance(data, list) and data else {}
        return str(first.get("sCode") or code) if isinstance(first, Mapping) else code

    def time(self, call: Call, result: Any) -> float | None:
        """`ts` of `/api/v5/public/time`; responses to orders have `outTime`, in microseconds."""
        if call.operation == "fetch_time" and result.get("data"):
            return number(result["data"][0].get("ts")) / 1000 or None
        return number(result.get("outTime")) / 1e6 or None


def _order(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "symbol": given.get("instId"),
        "side": given.get("side"),
        "type": given.get("ordType"),
        "id": given.get("ordId"),
        "clientOrderId": given.get("clOrdId"),
        "amount": given.get("sz"),
        "price": given.get("px"),
    }


def _status(notices: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """https://www.okx.com/docs-v5/en/#status-get-status; what is only planned leaves it well."""
    running = [each for each in notices if each.get("state") == "ongoing"]
    if not running:
        return {"status": "ok"}
    return {"status": "maintenance", "eta": max(number(each.get("end")) for each in running)}


def _unified(order: Mapping[str, Any]) -> dict[str, Any]:
    code = str(order.get("sCode") or "0")
    return {
        "id": None if code != "0" else order.get("ordId"),
        "clientOrderId": order.get("clOrdId") or None,
        "symbol": order.get("instId"),
        "status": _STATUSES.get(str(order.get("state"))),
        "filled": number(order.get("accFillSz")),
        **({"code": code} if code != "0" else {}),
    }
