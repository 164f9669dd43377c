"""Orders as the exchange reports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._sdk.orders.unsettled import UnsettledOrder
from ...semconv import trading as names
from .findings import Suspicion

#: ccxt's status of an order, and the outcome that settles it. Any other is of an order that the exchange has taken.
_OUTCOMES = {"closed": "filled", "canceled": "canceled", "expired": "expired", "rejected": "rejected"}


class ExchangeOrder:
    """An order as the exchange reports it."""

    __slots__ = ("client_order_id", "filled", "id", "side", "status", "symbol")

    def __init__(self, order: Mapping[str, Any]) -> None:
        self.id = str(order.get("id") or "")[:128]
        self.client_order_id = str(order.get("clientOrderId") or "")[:128]
        self.symbol = str(order.get("symbol") or "")
        self.side = str(order.get("side") or "")
        self.status = str(order.get("status") or "")
        self.filled = bool(order.get("filled"))

    @property
    def outcome(self) -> str:
        """The outcome that settles an order of unknown outcome."""
        return _OUTCOMES.get(self.status, "accepted")

    @property
    def ended(self) -> bool:
        """Whether the order has ended."""
        return self.status in _OUTCOMES

    def is_called(self, doubt: UnsettledOrder) -> bool:
        """Whether it is the order of unknown outcome."""
        return bool(
            (doubt.order_id and doubt.order_id == self.id)
            or (
                doubt.client_order_id
                and doubt.client_order_id in (self.client_order_id, self.client_order_id.removeprefix("t-"))
            )
        )

    def suspicion(self, exchange: str) -> Suspicion:
        """The suspicion that the service does not know it."""
        attributes = {
            names.EXCHANGE_NAME: exchange,
            names.ORDER_ID: self.id,
            names.ORDER_CLIENT_ID: self.client_order_id,
            names.SYMBOL: self.symbol,
            names.ORDER_SIDE: self.side,
            names.EXCHANGE_STATUS: self.status,
        }
        return Suspicion({name: value for name, value in attributes.items() if value})
