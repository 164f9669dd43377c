"""Orders as clients send them, and as the exchange keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from .instruments import Instrument
from .market import Trade

Side = Literal["buy", "sell"]
OrderType = Literal["limit", "market"]


class Status(StrEnum):
    """The status of an order."""

    OPEN = "open"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Request:
    """An order as a client sends it; `price` is None for a market order."""

    client_id: str
    instrument: Instrument
    side: Side
    type: OrderType
    amount: Decimal
    price: Decimal | None


@dataclass(slots=True)
class Order:
    """An accepted order.

    Attributes:
        created: Milliseconds since the epoch, as `updated`.
        fills: Its fills.
        due: When it is filled at the latest, in seconds of the clock of `MatchingEngine.step`.
        in_parts: The next fill is a partial one.
    """

    id: int
    request: Request
    created: int
    updated: int
    due: float
    in_parts: bool
    status: Status = Status.OPEN
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fills: list[Trade] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it can still be filled or cancelled."""
        return self.status in (Status.OPEN, Status.PARTLY_FILLED)

    @property
    def remaining(self) -> Decimal:
        """The amount that is not filled."""
        return self.request.amount - self.filled

    @property
    def average(self) -> Decimal | None:
        """Average price of its fills, or None without one."""
        return self.cost / self.filled if self.filled else None
