"""Places and cancels orders, and keeps the store in step with what the exchange answered."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ccxt

import botobs.trading

from .reports import Reports
from .store import OrderStore, UnsettledOrder
from .strategy import Intent

logger = logging.getLogger(__name__)

#: How the client order id of every order begins.
CLIENT_ORDER_ID_PREFIX = "bot"
#: Errors that say for certain that the order was not taken, although they count as trouble with the exchange.
_NOT_TAKEN = (ccxt.RateLimitExceeded, ccxt.DDoSProtection, ccxt.InvalidNonce, ccxt.OnMaintenance)


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

    def __init__(self, clients: Mapping[str, Any], store: OrderStore, reports: Reports) -> None:
        self._clients = clients
        self._store = store
        self._reports = reports

    async def place(
        self, decision: botobs.trading.Decision, bot_id: int, exchange: str, symbol: str, intent: Intent
    ) -> Placement:
        """Send the order that was decided for.

        Raises:
            ExchangeUnavailable: The outcome of the order is unknown.
        """
        client_order_id = f"{CLIENT_ORDER_ID_PREFIX}{bot_id}x{uuid.uuid4().hex[:20]}"
        order = decision.order(
            client_order_id, exchange=exchange, symbol=symbol, side=intent.side, type=intent.type
        )
        await self._store.insert_order(client_order_id, bot_id, exchange, symbol, intent)
        try:
            with order.submission():
                taken = await self._clients[exchange].create_order(
                    symbol,
                    intent.type,
                    intent.side,
                    float(intent.amount),
                    float(intent.price) if intent.type == "limit" else None,
                    {"clientOrderId": client_order_id},
                )
                order.acknowledged(taken["id"])
        except (ccxt.ExchangeError, *_NOT_TAKEN) as error:
            await self._store.close(client_order_id, "rejected", type(error).__name__)
            return Placement(accepted=False, client_order_id=client_order_id, reason=type(error).__name__)
        except ccxt.BaseError as error:
            await self._store.close(client_order_id, "unknown", type(error).__name__)
            raise ExchangeUnavailable(f"{exchange}: {type(error).__name__}") from error
        await self._store.accept(client_order_id, str(taken["id"]))
        return Placement(accepted=True, client_order_id=client_order_id)

    async def settle_older_than(self, seconds: float) -> None:
        """Cancel orders that were not filled for `seconds`, and fetch those without any update."""
        for order in await self._store.unsettled_longer_than(seconds):
            try:
                await self._settle(order)
            except ccxt.BaseError as error:
                logger.warning("%s: an order is not settled: %s", order.exchange, type(error).__name__)

    async def _settle(self, order: UnsettledOrder) -> None:
        client, exchange_order_id = self._clients[order.exchange], order.exchange_order_id
        if exchange_order_id is not None:
            # When it is filled, it can be cancelled no longer; what became of it is asked for in any case.
            with contextlib.suppress(ccxt.OrderNotFound):
                await client.cancel_order(exchange_order_id, order.symbol)
        params = {"clientOrderId": order.client_order_id} if exchange_order_id is None else {}
        try:
            known = await client.fetch_order(exchange_order_id, order.symbol, params)
        except ccxt.OrderNotFound:
            await self._reports.not_known(order)
        else:
            await self._reports.take(order.exchange, known)
