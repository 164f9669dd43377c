"""Orders that are sent to an endpoint directly, as `privatePostOrderListOco` does: named by method and path."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ......semconv import exchange as semconv
from ..... import orders
from .....texts import word_of
from ...names import BATCHES, ENDPOINTS, IMPLICIT
from ...order_details import client_order_id
from ..binance import payloads

_LONGEST_VALUE = 128
#: What exchanges call the parts of an order.
_NAMES: dict[str, tuple[str, ...]] = {
    semconv.SYMBOL: (
        "symbol",
        "instId",
        "instrument_name",
        "contract",
        "currency_pair",
        "pair",
        "product_id",
        "market",
    ),
    semconv.ORDER_SIDE: ("side", "direction"),
    semconv.ORDER_TYPE: ("ordType", "orderType", "ordertype", "order_type", "type"),
    semconv.ORDER_ID: ("orderId", "order_id", "ordId", "txid"),
}
#: The orders of a request for several, and those of its response.
_LISTS = ("batchOrders", "orders", "orderList", "request", "data", "result", "list")


@dataclass(slots=True)
class Endpoint:
    """What a request to an endpoint is for.

    Attributes:
        operation: The unified method that it stands for.
        attributes: Of its order.
        batch: Its orders, where it submits several; None for one.
    """

    operation: str = IMPLICIT
    attributes: dict[str, Any] = field(default_factory=dict)
    batch: list[Mapping[str, Any]] | None = None

    def unified(self, result: Any) -> Any:
        """Its response as far as it is looked at: the orders of a batch one by one."""
        if self.operation in BATCHES:
            return _list_in(result) or result
        return result if self.operation == IMPLICIT else payloads.unified(self.operation, result)


def endpoint(exchange: str, method: str, path: str, parameters: Any) -> Endpoint:
    """What a request is for, by its method, its path, and what is sent with it."""
    purpose = orders.purpose(method, _action(path, parameters))
    if purpose is None:
        return Endpoint()
    together = payloads.submitted(path, parameters) if exchange.startswith("binance") else None
    several = together or _list_in(parameters)
    if several and not together:
        return Endpoint(f"{ENDPOINTS[purpose]}s", {}, several)
    return Endpoint(ENDPOINTS[purpose], _attributes(parameters), together)


def _action(path: str, parameters: Any) -> str:
    """The path; of Hyperliquid, which has one for everything that is signed, the action."""
    action = parameters.get("action") if path == "exchange" and isinstance(parameters, Mapping) else None
    return str(action.get("type")) if isinstance(action, Mapping) else path


def _list_in(given: Any) -> list[Mapping[str, Any]]:
    if isinstance(given, str) and given.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            given = json.loads(given)
    if isinstance(given, Mapping):
        return next((found for name in _LISTS if (found := _list_in(given.get(name)))), [])
    return [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []


def _attributes(parameters: Any) -> dict[str, Any]:
    if not isinstance(parameters, Mapping):
        return {}
    found = {
        key: next((parameters[name] for name in names if isinstance(parameters.get(name), str | int)), "")
        for key, names in _NAMES.items()
    }
    found[semconv.ORDER_CLIENT_ID] = client_order_id(parameters)
    return {key: word_of(value)[:_LONGEST_VALUE] for key, value in found.items() if value != ""}
