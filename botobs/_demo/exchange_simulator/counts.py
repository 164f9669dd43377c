"""What an exchange has received and done: the truth that monitoring is measured against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Plain counters of one exchange, from its start.

    Attributes:
        orders_accepted: Orders that were taken.
        orders_rejected: Orders that were asked for and not taken, for whatever reason.
        cancels: Orders that were cancelled.
        fills: Executions of clients' orders, parts of orders included.
        calls: Requests by operation, in ccxt's words, whatever they were answered with.
        signed: Requests, logins included, whose signature was right.
        refusals: Refused requests by reason.
        opened: WebSocket connections that were opened.
        closed: And closed.
        turned_away: And refused.
        sent: WebSocket messages that were sent.
        received: And received.
        book_changes: Changes of books that were published.
        gaps: Changes of books that were left out on purpose.
    """

    orders_accepted: int = 0
    orders_rejected: int = 0
    cancels: int = 0
    fills: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    signed: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    turned_away: int = 0
    sent: int = 0
    received: int = 0
    book_changes: int = 0
    gaps: int = 0

    def describe(self) -> dict[str, Any]:
        """The counters as the control API shows them."""
        return {
            "orders": {
                "received": self.orders_accepted + self.orders_rejected,
                "accepted": self.orders_accepted,
                "rejected": self.orders_rejected,
                "cancelled": self.cancels,
                "fills": self.fills,
            },
            "calls": dict(self.calls),
            "signed": self.signed,
            "refusals": dict(self.refusals),
            "websocket": {
                "opened": self.opened,
                "closed": self.closed,
                "refused": self.turned_away,
                "sent": self.sent,
                "received": self.received,
            },
            "books": {"changes": self.book_changes, "gaps": self.gaps},
        }
