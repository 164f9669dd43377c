"""A bot's turn: look at the market, decide, check the risk, place the order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import botobs.trading

from .market import Market
from .orders import OrderDesk
from .risk import Limits, refusal
from .store import OrderStore
from .strategy import STRATEGY, decide


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, and where.

    Attributes:
        order_notional: Value of the order, in the quote currency.
    """

    bot_id: int
    bot_name: str
    exchange: str
    symbol: str
    order_notional: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a turn.

    Attributes:
        name: placed, rejected (by the exchange), refused (by the risk check) or no_market_data.
        detail: Our id of the order, or the reason.
    """

    name: str
    detail: str


class TurnTaker:
    """Takes the bots' turns."""

    def __init__(self, market: Market, store: OrderStore, desk: OrderDesk, limits: Limits) -> None:
        self._market = market
        self._store = store
        self._desk = desk
        self._limits = limits

    async def take(self, turn: Turn) -> Outcome:
        """Take one turn.

        Raises:
            ExchangeUnavailable: The exchange could not be reached or did not say what became of the order.
        """
        with botobs.trading.decision(turn.bot_name, strategy=STRATEGY) as decision:
            quote = self._market.quote(turn.exchange, turn.symbol)
            if quote is None:
                return Outcome("no_market_data", f"no fresh order book of {turn.symbol} on {turn.exchange}")
            exposure = await self._store.exposure(turn.bot_id, turn.exchange, turn.symbol)
            intent = decide(quote, exposure.position, turn.order_notional, self._limits.position)
            if (reason := refusal(self._limits, exposure, intent)) is not None:
                decision.refused(reason)
                return Outcome("refused", reason)
            placement = await self._desk.place(decision, turn.bot_id, turn.exchange, turn.symbol, intent)
        if placement.accepted:
            return Outcome("placed", placement.client_order_id)
        return Outcome("rejected", f"{placement.client_order_id}: {placement.reason}")
