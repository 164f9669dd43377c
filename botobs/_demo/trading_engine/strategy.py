"""Mean reversion: buy below the recent mean, sell above it, and keep the position small."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .market import Quote

Side = Literal["buy", "sell"]
OrderType = Literal["limit", "market"]

#: What this is called in monitoring.
STRATEGY = "mean-reversion"

#: From this distance to the mean on, as a part of it, the bot takes liquidity instead of waiting for a fill.
STRONG_DEVIATION = 0.0005


@dataclass(frozen=True, slots=True)
class Intent:
    """An order that a bot would like to place.

    Attributes:
        price: Limit of a limit order; for a market order the price that is expected.
        amount: In the base currency.
    """

    side: Side
    type: OrderType
    price: Decimal
    amount: Decimal


def decide(quote: Quote, position: Decimal, order_notional: Decimal, position_limit: Decimal) -> Intent:
    """The order that a bot wants in this market.

    Args:
        quote: The market's prices.
        position: What the bot holds, in the base currency; negative when it owes.
        order_notional: Value of one order, in the quote currency.
        position_limit: Value at which the bot turns round, in the quote currency.
    """
    deviation = (quote.mid - quote.mean) / quote.mean
    side: Side = "buy" if deviation < 0 else "sell"
    held = position * Decimal(str(quote.mid))
    if held + order_notional > position_limit:
        side = "sell"
    elif held - order_notional < -position_limit:
        side = "buy"
    price = Decimal(str(quote.bid if side == "buy" else quote.ask))
    return Intent(
        side=side,
        type="market" if abs(deviation) >= STRONG_DEVIATION else "limit",
        price=price,
        amount=order_notional / price,
    )
