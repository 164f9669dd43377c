"""Finds in responses what became of orders that are unsettled. Called only while there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ....semconv import exchange as semconv
from ...orders import UNSETTLED
from .names import CANCELS, ORDER_QUERIES
from .order_details import client_order_ids
from .orders import ENDS, order_id

_LISTS = (
    "canceled_and_closed_orders",
    "canceled_orders",
    "closed_order",
    "closed_orders",
    "open_order",
    "open_orders",
    "order_trades",
    "orders",
    "orders_by_status",
    "my_trades",
)
#: Calls whose responses name orders, but for those that submit: `submission` handles them.
_TELLING: frozenset[str] = (
    CANCELS
    | ORDER_QUERIES
    | {"cancel_all_orders", "cancel_all_orders_ws", "cancel_orders_for_symbols"}
    | {f"fetch_{name}{suffix}" for name in _LISTS for suffix in ("", "_ws")}
)
_TRADES = frozenset({"fetch_my_trades", "fetch_my_trades_ws", "fetch_order_trades", "fetch_order_trades_ws"})
#: Elements of one response that are looked at.
_MOST = 5000


def settle_from_call(exchange: str, name: str, asked: Mapping[str, Any], result: Any) -> None:
    """A call came back: settle the orders that its response names.

    That an order was *not* found is no evidence, however it is asked for: exchanges say so for a while about orders
    that they take (Binance: "order does not exist" until its matching engine and its database agree), and for ever
    about some that are older.

    Args:
        exchange: Its name.
        name: The unified method.
        asked: What the call was about.
        result: A unified order, or trades or orders.
    """
    if name not in _TELLING:
        return
    if isinstance(result, list):
        settle_from(exchange, result, trades=name in _TRADES)
        return
    # Some responses say little more than that it was done.
    outcome = _outcome(result) if isinstance(result, Mapping) else "accepted"
    if name in CANCELS and outcome == "accepted":
        outcome = "canceled"
    names = [str(asked[key]) for key in (semconv.ORDER_CLIENT_ID,) if asked.get(key)]
    settle_one(exchange, result, outcome, names, str(asked.get(semconv.ORDER_ID) or ""))


def settle_from(exchange: str, elements: Iterable[Any], *, trades: bool = False) -> None:
    """Settle the orders that unified orders or trades name, of a response or of a stream."""
    for element in list(elements)[-_MOST:]:
        if isinstance(element, Mapping):
            identity = str(element.get("order") or "") if trades else ""
            settle_one(exchange, element, "accepted" if trades else _outcome(element), (), identity, trades)


def settle_one(
    exchange: str,
    order: Any,
    outcome: str,
    client_ids: Iterable[str] = (),
    identity: str = "",
    trade: bool = False,
) -> None:
    """Settle one order, by any of the names that are known of it.

    Args:
        exchange: Its name.
        order: A unified order or trade.
        outcome: What became of it.
        client_ids: Client order ids that the call was made with.
        identity: The exchange's id that the call was made with, or that the trade names.
        trade: Whether `id` is that of a trade.
    """
    known = order if isinstance(order, Mapping) else {}
    exchange_id = identity if trade else order_id(known) or identity
    symbol = str(known.get("symbol") or "")
    for client_id in (*client_ids, *client_order_ids(known), ""):
        if UNSETTLED.settle(
            exchange, outcome, client_order_id=client_id, order_id=exchange_id, symbol=symbol
        ):
            return


def _outcome(order: Mapping[str, Any]) -> str:
    return ENDS.get(str(order.get("status")), "accepted")
