"""Takes over what the exchanges report about our orders, whichever way it comes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import botobs.trading

from .store import OrderStore, Report, UnsettledOrder

#: ccxt's words for orders, where ours differ.
_STATUS = {"expired": "canceled", "canceling": "open"}


class Reports:
    """Keeps the store, and who watches, in step with the exchanges."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store

    async def take(self, exchange: str, order: dict[str, Any]) -> None:
        """Take over one of ccxt's orders; those that are not ours are left alone."""
        if (report := to_report(order)) is None:
            return
        watched = botobs.trading.order(report.client_order_id, exchange=exchange)
        with watched.update():
            new = await self._store.apply(report)
            if new:
                watched.filled(new, report.price, complete=report.status == "closed")
            elif report.status == "canceled":
                watched.canceled()

    async def not_known(self, order: UnsettledOrder) -> None:
        """The exchange does not know an order: it never took it, or has forgotten it, as after a restart."""
        reason = "not known to the exchange"
        watched = botobs.trading.order(order.client_order_id, exchange=order.exchange)
        if order.exchange_order_id is None:
            watched.rejected(reason)
            await self._store.close(order.client_order_id, "rejected", reason)
        else:
            watched.canceled()
            await self._store.close(order.client_order_id, "canceled", reason)


def to_report(order: dict[str, Any]) -> Report | None:
    """The part of a ccxt order that the store keeps; None when it is not one of ours."""
    if not order.get("clientOrderId"):
        return None
    status = order.get("status") or "open"
    return Report(
        client_order_id=order["clientOrderId"],
        exchange_order_id=str(order["id"]),
        filled=Decimal(str(order.get("filled") or 0)),
        price=Decimal(str(order.get("average") or order.get("price") or 0)),
        status=_STATUS.get(status, status),
    )
