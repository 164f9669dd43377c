"""Refuses orders that would take a bot over its limits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .strategy import Intent


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a bot may go, in the quote currency.

    Attributes:
        position: Value that it may hold or owe.
        traded_per_day: Value of all its orders of one day.
    """

    position: Decimal = Decimal(2_000)
    traded_per_day: Decimal = Decimal(20_000_000)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where a bot stands in one market.

    Attributes:
        position: What it holds, in the base currency.
        traded_today: Value of the orders that it placed today, in the quote currency.
    """

    position: Decimal
    traded_today: Decimal


def refusal(limits: Limits, exposure: Exposure, intent: Intent) -> str | None:
    """Why `intent` must not be placed, or None when it may."""
    value = intent.amount * intent.price
    if exposure.traded_today + value > limits.traded_per_day:
        return f"daily limit of {limits.traded_per_day} reached"
    held = exposure.position * intent.price
    after = held + value if intent.side == "buy" else held - value
    if abs(after) > limits.position and abs(after) > abs(held):
        return f"position limit of {limits.position} reached"
    return None
