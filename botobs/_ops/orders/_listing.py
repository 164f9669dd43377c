"""What is known of unsettled orders: those that traces name, and how many metrics count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: Seconds after which an order without a response counts as one of unknown outcome: client libraries give up after ten.
ANSWERED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """One order.

    Attributes:
        state: `unknown`, or `open`: it was submitted, and no response has been seen.
        key: Value of `botobs.order.key`, which identifies it in metrics.
        submitted: When, in seconds since the epoch.
        environment: `deployment.environment.name` of the service.
    """

    state: Literal["unknown", "open"]
    key: str
    exchange: str
    client_order_id: str
    order_id: str
    symbol: str
    side: str
    service: str
    environment: str
    bot: str
    trace_id: str
    span_id: str
    submitted: float

    def is_unknown(self, now: float) -> bool:
        """Whether its outcome is unknown: it was found to be, or no response has been seen for too long."""
        return self.state == "unknown" or now - self.submitted > ANSWERED_WITHIN


@dataclass(frozen=True, slots=True)
class Counted:
    """How many orders are unsettled, as the alert counts them."""

    service: str
    exchange: str
    bot: str
    orders: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The orders, as Tempo names them, and their counts in Prometheus.

    Attributes:
        orders: The oldest first; None where Tempo could not be asked.
        counted: None where Prometheus could not be asked.
        problems: Why not, for a person.
        now: When it was made, in seconds since the epoch.
    """

    orders: Sequence[Order] | None
    counted: Sequence[Counted] | None
    problems: Sequence[str]
    now: float

    @property
    def disagreements(self) -> list[str]:
        """Where the two say different numbers, in a sentence each."""
        if self.orders is None or self.counted is None:
            return []
        unknown = [order for order in self.orders if order.state == "unknown"]
        named = Counter((order.service, order.exchange) for order in unknown)
        counted: Counter[tuple[str, str]] = Counter()
        for each in self.counted:
            counted[each.service, each.exchange] += each.orders
        return [
            f"Prometheus counts {counted[who]} of {who[0]} on {who[1]}, Tempo names {named[who]}."
            for who in sorted(named.keys() | counted.keys())
            if named[who] != counted[who]
        ]

    @property
    def unknown(self) -> int:
        """How many orders are of unknown outcome, as far as that can be said."""
        named = sum(order.is_unknown(self.now) for order in self.orders or ())
        return max(named, sum(each.orders for each in self.counted or ()))

    @property
    def exit_code(self) -> int:
        """0 where no order is of unknown outcome, 1 where one is, 2 where that cannot be said."""
        if self.unknown:
            return 1
        return 2 if self.orders is None or self.counted is None else 0
