"""Places and cancels orders, and keeps the store in step with what the exchange answered."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ccxt

from .store import OrderStore
from .strategy import Intent

logger = logging.getLogger(__name__)

#: Errors that say for certain that the order was not taken, although they count as trouble with the exchange.
_NOT_TAKEN = (ccxt.RateLimitExceeded, ccxt.DDoSProtection, ccxt.OnMaintenance)


class ExchangeUnavailable(Exception):
    """The exchange could not be reached or did not say what became of an order."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of an order that was sent.

    Attributes:
        accepted: The exchange took it.
        client_order_id: Our id of it.
        reason: Why the exchange did not take it.
    """

    accepted: bool
    client_order_id: str
    reason: str = ""


class OrderDesk:
    """Sends orders through the ccxt clients, by exchange id."""

    def __init__(self, clients: Mapping[str, Any], store: OrderStore) -> None:
        self._clients = clients
        self._store = store

    async def place(self, bot_id: int, exchange: str, symbol: str, intent: Intent) -> Placement:
        """Send an order.

        Raises:
            ExchangeUnavailable: Nobody knows whether the exchange took it.
        """
        client_order_id = f"bot{bot_id}x{uuid.uuid4().hex[:20]}"
        await self._store.insert_order(client_order_id, bot_id, exchange, symbol, intent)
        try:
            order = await self._clients[exchange].create_order(
                symbol,
                intent.type,
                intent.side,
                float(intent.amount),
                float(intent.price) if intent.type == "limit" else None,
                {"clientOrderId": client_order_id},
            )
        except (ccxt.ExchangeError, *_NOT_TAKEN) as error:
            await self._store.close(client_order_id, "rejected", type(error).__name__)
            return Placement(accepted=False, client_order_id=client_order_id, reason=type(error).__name__)
        except ccxt.BaseError as error:
            await self._store.close(client_order_id, "unknown", type(error).__name__)
            raise ExchangeUnavailable(f"{exchange}: {type(error).__name__}") from error
        await self._store.accept(client_order_id, str(order["id"]))
        return Placement(accepted=True, client_order_id=client_order_id)

    async def cancel_older_than(self, seconds: float) -> int:
        """Cancel orders that nobody has taken for `seconds`; returns how many were cancelled."""
        cancelled = 0
        for order in await self._store.open_longer_than(seconds):
            try:
                await self._clients[order.exchange].cancel_order(order.exchange_order_id, order.symbol)
            except ccxt.OrderNotFound:
                await self._store.close(order.client_order_id, "closed", "not found when cancelling")
            except ccxt.BaseError as error:
                logger.warning("%s: could not cancel: %s", order.exchange, type(error).__name__)
            else:
                await self._store.close(order.client_order_id, "canceled")
                cancelled += 1
        return cancelled
