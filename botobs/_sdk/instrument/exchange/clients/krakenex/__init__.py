"""krakenex, a client of Kraken: https://github.com/veox/python3-krakenex. It returns the exchange's errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from .....texts import text_of
from ..plain import number
from ..protocol import Call, ExchangeClient

#: https://docs.kraken.com/api/docs/rest-api/add-order and its neighbours, by the end of the path.
_OPERATIONS: dict[str, str] = {
    "AddOrder": "create_order",
    "AddOrderBatch": "create_orders",
    "AmendOrder": "edit_order",
    "AssetPairs": "fetch_markets",
    "Balance": "fetch_balance",
    "BalanceEx": "fetch_balance",
    "CancelAll": "cancel_all_orders",
    "CancelAllOrdersAfter": "cancel_all_orders_after",
    "CancelOrder": "cancel_order",
    "CancelOrderBatch": "cancel_orders",
    "ClosedOrders": "fetch_closed_orders",
    "Depth": "fetch_order_book",
    "EditOrder": "edit_order",
    "OHLC": "fetch_ohlcv",
    "OpenOrders": "fetch_open_orders",
    "OpenPositions": "fetch_positions",
    "QueryOrders": "fetch_orders",
    "QueryTrades": "fetch_my_trades",
    "SystemStatus": "fetch_status",
    "Ticker": "fetch_tickers",
    "Time": "fetch_time",
    "Trades": "fetch_trades",
    "TradesHistory": "fetch_my_trades",
}
_STATUSES = {
    "pending": "open",
    "open": "open",
    "closed": "closed",
    "canceled": "canceled",
    "expired": "expired",
}
_NO_SOCKETS = "the library has no WebSockets"


class Krakenex(ExchangeClient):
    """krakenex 2.1 and later: HTTP."""

    name = "krakenex"
    library = "krakenex"
    exchange = "kraken"
    http = "requests"
    session = "session"
    calls = ("krakenex.api:API._query",)
    credentials = ("key", "secret")
    impossible: ClassVar[Mapping[str, str]] = {
        "limits": "Kraken says nothing of its limits in answers; what it refuses is counted",
        **dict.fromkeys(("reconnects", "sequence", "silence", "socket_order", "stream"), _NO_SOCKETS),
    }

    def address(self, client: Any) -> str:
        """Return `uri`."""
        return str(client.uri)

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`_query(urlpath, data, headers, timeout)`; what is private is asked for by POST."""
        path = str(arguments["urlpath"])
        given = arguments.get("data") or {}
        method = "GET" if "/public/" in path else "POST"
        name = _OPERATIONS.get(path.rpartition("/")[2], "implicit")
        # https://docs.kraken.com/api/docs/rest-api/add-order: `validate` only checks the order.
        trial = str(given.get("validate", False)).lower() == "true"
        several = _several(given) if name == "create_orders" else None
        return Call(method, path, name, _order(given), several, given, trial)

    def result(self, call: Call, result: Any) -> Any:
        """Orders by their ids, or the ids of those that were taken."""
        found = result.get("result") if isinstance(result, Mapping) else None
        if not isinstance(found, Mapping):
            return None
        if call.operation == "fetch_status":
            # https://docs.kraken.com/api/docs/rest-api/get-system-status
            return {"status": "maintenance" if found.get("status") == "maintenance" else "ok"}
        listed = found.get("open") or found.get("closed")
        if call.operation in ("fetch_closed_orders", "fetch_open_orders", "fetch_orders"):
            orders = found if listed is None else listed
            return [_unified(name, each) for name, each in orders.items() if isinstance(each, Mapping)]
        if call.operation == "create_orders":
            return [_taken(each) for each in found.get("orders") or ()]
        taken = found.get("txid") or found.get("amend_id")
        identity = taken[0] if isinstance(taken, list) and taken else taken
        return {**call.order, "id": identity, "filled": 0.0} if identity else None

    def error(self, call: Call, result: Any) -> str:  # noqa: ARG002 - the protocol's
        """The first of `error`, without warnings."""
        said = result.get("error") if isinstance(result, Mapping) else None
        errors = said if isinstance(said, list) else []
        return next((text_of(each) for each in errors if not text_of(each).startswith("W")), "")

    def time(self, call: Call, result: Any) -> float | None:
        """`unixtime` of `Time`, in seconds since the epoch; None for other calls."""
        if call.operation != "fetch_time" or not isinstance(result.get("result"), Mapping):
            return None
        return number(result["result"].get("unixtime")) or None


def _several(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The orders of a batch, which come as a list or as the text of one, without the market that they share."""
    orders = given.get("orders") or ()
    listed = json.loads(orders) if isinstance(orders, str) else orders
    return [_order({"pair": given.get("pair"), **each}) for each in listed if isinstance(each, Mapping)]


def _taken(order: Mapping[str, Any]) -> dict[str, Any]:
    """One order of a batch as it was answered. https://docs.kraken.com/api/docs/rest-api/add-order-batch"""
    identity = order.get("txid")
    taken = identity[0] if isinstance(identity, list) and identity else identity
    return {"id": taken} if taken else {"code": text_of(order.get("error"))}


def _order(given: Mapping[str, Any]) -> dict[str, Any]:
    client_id = given.get("cl_ord_id") or given.get("userref")
    return {
        "symbol": given.get("pair"),
        "side": given.get("type"),
        "type": given.get("ordertype"),
        "id": given.get("txid"),
        "clientOrderId": None if client_id is None else str(client_id),
        "amount": given.get("volume"),
        "price": given.get("price"),
    }


def _unified(identity: Any, order: Mapping[str, Any]) -> dict[str, Any]:
    described = order.get("descr")
    client_id = order.get("cl_ord_id") or order.get("userref")
    return {
        "id": identity,
        "clientOrderId": None if not client_id else str(client_id),
        "symbol": described.get("pair") if isinstance(described, Mapping) else None,
        "status": _STATUSES.get(str(order.get("status"))),
        "filled": number(order.get("vol_exec")),
    }
