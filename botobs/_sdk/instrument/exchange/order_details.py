"""The orders, or the market, that a unified call is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....semconv import exchange as semconv
from ...safe import number_of
from ...texts import text_of
from .names import BATCHES, CANCELS, EDITS, ORDER_QUERIES, SUBMITS
from .orders import order_id

_LONGEST_VALUE = 128


def order_attributes(
    name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], values: bool = False
) -> dict[str, Any]:
    """Span attributes of the order or market that a unified call is about, with amount and price if `values`."""
    given = {**dict(zip(_PARAMETERS.get(name, ()), args, strict=False)), **kwargs}
    attributes: dict[str, Any] = values_of(given, "amount", "price") if values and name in _VALUED else {}
    for key, parameter in (
        (semconv.SYMBOL, "symbol"),
        (semconv.ORDER_TYPE, "type"),
        (semconv.ORDER_SIDE, "side"),
        (semconv.ORDER_ID, "id"),
    ):
        value = given.get(parameter)
        if isinstance(value, str | int) and value != "":
            attributes[key] = text_of(value)[:_LONGEST_VALUE]
    client_id = client_order_id(given.get("params")) if name in _ABOUT_ORDERS else ""
    if client_id:
        attributes[semconv.ORDER_CLIENT_ID] = client_id
    return attributes


def client_order_id(parameters: Any) -> str:
    """The client order id among the parameters of a call, whichever name an exchange has for it; empty without one."""
    if type(parameters) is dict or isinstance(parameters, Mapping):
        for key in _CLIENT_IDS:
            if parameters.get(key):
                return text_of(parameters[key])[:_LONGEST_VALUE]
    return ""


_CREATE = ("symbol", "type", "side", "amount", "price", "params")
_BY_ID = ("id", "symbol", "params")
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "create_order": _CREATE,
    "create_order_ws": _CREATE,
    "edit_order": ("id", *_CREATE),
    "edit_order_ws": ("id", *_CREATE),
    **dict.fromkeys(("cancel_order", "cancel_order_ws", "fetch_order", "fetch_order_ws"), _BY_ID),
    **dict.fromkeys(("fetch_ticker", "fetch_order_book", "fetch_ohlcv", "fetch_trades"), ("symbol",)),
    **dict.fromkeys(
        ("fetch_my_trades", "fetch_open_orders", "fetch_orders", "fetch_closed_orders"), ("symbol",)
    ),
}
_VALUED = frozenset(name for name, parameters in _PARAMETERS.items() if "amount" in parameters)
_CLIENT_IDS = (
    "clientOrderId",
    "newClientOrderId",
    "clOrdId",
    "client_order_id",
    "clientOid",
    "orderLinkId",
    "text",
)


#: And in the responses of exchanges.
_ANSWERED_CLIENT_IDS = (
    *_CLIENT_IDS,
    "origClientOrderId",
    "client_oid",
    "clientOrderID",
    "cloid",
    "listClientOrderId",
)

_ABOUT_ORDERS = SUBMITS | EDITS | CANCELS | ORDER_QUERIES


def batch(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Mapping[str, Any]] | None:
    """The orders that a call submits together, as they were given; None for a call that submits one."""
    if name not in BATCHES:
        return None
    given = args[0] if args else kwargs.get("orders")
    if not isinstance(given, list | tuple):
        return []
    return [order if isinstance(order, Mapping) else {} for order in given]


def values_of(order: Mapping[str, Any], amount: str, price: str) -> dict[str, Any]:
    """Amount and price of an order, where they are known, as attributes; the other arguments are their names in it."""
    given = {semconv.ORDER_AMOUNT: order.get(amount), semconv.ORDER_PRICE: order.get(price)}
    numbers = {name: _number(value) for name, value in given.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def _number(value: Any) -> float | None:
    try:
        # Client libraries take numbers as text, too.
        return number_of(float(value) if isinstance(value, str) else value)
    except ValueError:
        return None


def client_order_ids(order: Mapping[str, Any]) -> list[str]:
    """The client order ids of an order or a trade, as they were given or in the response.

    There may be several: a request to cancel has its own id beside that of the order.
    """
    found: dict[str, None] = {}
    for holder in (order, order.get("params"), order.get("info")):
        if isinstance(holder, Mapping):
            for name in _ANSWERED_CLIENT_IDS:
                value = holder.get(name)
                if isinstance(value, str | int) and value != "":
                    found[text_of(value)[:_LONGEST_VALUE]] = None
    return list(found)


def order_ids(order: Mapping[str, Any]) -> dict[str, str]:
    """The ids of a unified order, as attributes."""
    known = {}
    identity = order_id(order)
    if identity is not None:
        known[semconv.ORDER_ID] = identity
    client_id = order.get("clientOrderId")
    if client_id:
        known[semconv.ORDER_CLIENT_ID] = text_of(client_id)[:_LONGEST_VALUE]
    return known
