"""Orders, fills and positions in PostgreSQL, through asyncpg."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import asyncpg

from .risk import Exposure
from .strategy import Intent

#: What an unreachable or failing database raises.
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

_EXPOSURE = """
    SELECT coalesce((SELECT quantity FROM positions WHERE bot_id = $1 AND exchange = $2 AND symbol = $3), 0)
               AS position,
           coalesce((SELECT sum(amount * price) FROM orders
                      WHERE bot_id = $1 AND created_at >= date_trunc('day', now())
                        AND status <> 'rejected'), 0)
               AS traded_today
"""

_INSERT_ORDER = """
    INSERT INTO orders (client_order_id, bot_id, exchange, symbol, side, type, amount, price, status)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'submitting')
"""

# The exchange's own report may have overtaken the answer to the request.
_ACCEPT = """
    UPDATE orders
       SET exchange_order_id = $2, status = CASE status WHEN 'submitting' THEN 'open' ELSE status END,
           updated_at = now()
     WHERE client_order_id = $1
"""

_CLOSE = """
    UPDATE orders SET status = $2, reason = $3, updated_at = now()
     WHERE client_order_id = $1 AND status IN ('submitting', 'open', 'unknown')
"""

_LOCK = "SELECT bot_id, exchange, symbol, side, filled FROM orders WHERE client_order_id = $1 FOR UPDATE"

_REPORT = """
    UPDATE orders
       SET filled = greatest(filled, $2),
           status = CASE WHEN status IN ('submitting', 'open', 'unknown') THEN $3 ELSE status END,
           exchange_order_id = coalesce(exchange_order_id, $4), updated_at = now()
     WHERE client_order_id = $1
"""

_INSERT_FILL = "INSERT INTO fills (client_order_id, amount, price) VALUES ($1, $2, $3)"

_MOVE_POSITION = """
    INSERT INTO positions (bot_id, exchange, symbol, quantity, cost) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (bot_id, exchange, symbol) DO UPDATE
       SET quantity = positions.quantity + excluded.quantity, cost = positions.cost + excluded.cost,
           updated_at = now()
"""

_UNSETTLED = """
    SELECT client_order_id, exchange, symbol, exchange_order_id FROM orders
     WHERE status IN ('submitting', 'open', 'unknown')
       AND created_at < now() - make_interval(secs => $1)
     ORDER BY created_at LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class UnsettledOrder:
    """An order that waits at an exchange, or whose outcome is unknown.

    Attributes:
        exchange_order_id: The exchange's id of it; None while the exchange has not sent it.
    """

    client_order_id: str
    exchange: str
    symbol: str
    exchange_order_id: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What an exchange reports about an order.

    Attributes:
        client_order_id: Our id of it.
        exchange_order_id: The exchange's.
        filled: How much of it is filled in all.
        price: At which price on average.
        status: open, closed, canceled or rejected.
    """

    client_order_id: str
    exchange_order_id: str
    filled: Decimal
    price: Decimal
    status: str


class OrderStore:
    """The trading engine's tables."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Raise one of `DATABASE_ERRORS` when the database does not answer."""
        await self._pool.execute("SELECT 1")

    async def exposure(self, bot_id: int, exchange: str, symbol: str) -> Exposure:
        """Where a bot stands in one market."""
        row = await self._pool.fetchrow(_EXPOSURE, bot_id, exchange, symbol)
        assert row is not None, "a query without FROM returns one row"
        return Exposure(position=row["position"], traded_today=row["traded_today"])

    async def insert_order(
        self, client_order_id: str, bot_id: int, exchange: str, symbol: str, intent: Intent
    ) -> None:
        """Write down an order before it is sent, so that none can be out there unknown."""
        await self._pool.execute(
            _INSERT_ORDER,
            client_order_id,
            bot_id,
            exchange,
            symbol,
            intent.side,
            intent.type,
            intent.amount,
            intent.price,
        )

    async def accept(self, client_order_id: str, exchange_order_id: str) -> None:
        """The exchange has taken an order."""
        await self._pool.execute(_ACCEPT, client_order_id, exchange_order_id)

    async def close(self, client_order_id: str, status: str, reason: str = "") -> None:
        """Move an order that is not known to have ended to `status`."""
        await self._pool.execute(_CLOSE, client_order_id, status, reason)

    async def apply(self, report: Report) -> Decimal:
        """Take over what an exchange reports: status, new fills, position; returns the newly filled amount."""
        async with self._pool.acquire() as connection, connection.transaction():
            order = await connection.fetchrow(_LOCK, report.client_order_id)
            if order is None:
                return Decimal(0)
            await connection.execute(
                _REPORT, report.client_order_id, report.filled, report.status, report.exchange_order_id
            )
            new: Decimal = report.filled - order["filled"]
            if new <= 0:
                return Decimal(0)
            await connection.execute(_INSERT_FILL, report.client_order_id, new, report.price)
            signed = new if order["side"] == "buy" else -new
            await connection.execute(
                _MOVE_POSITION,
                order["bot_id"],
                order["exchange"],
                order["symbol"],
                signed,
                signed * report.price,
            )
            return new

    async def unsettled_longer_than(self, seconds: float) -> list[UnsettledOrder]:
        """Orders that are not known to have ended after `seconds`, oldest first, at most 50."""
        return [UnsettledOrder(**row) for row in await self._pool.fetch(_UNSETTLED, seconds)]
