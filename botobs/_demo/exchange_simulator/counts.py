"""Counters of what an exchange received and did. Tests compare the telemetry with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Counters of one exchange since its start.

    Attributes:
        orders_accepted: Accepted orders.
        orders_rejected: Rejected orders, for any reason.
        cancels: Cancelled orders.
        fills: Fills of clients' orders, partial ones included.
        calls: Requests by operation, as ccxt names it, whatever the response.
        signed: Requests and logins with a valid signature.
        rejections: Rejected requests by reason.
        opened: WebSocket connections that were opened.
        closed: WebSocket connections that were closed.
        connections_refused: WebSocket connections that were refused.
        sent: WebSocket messages that were sent.
        received: WebSocket messages that were received.
        book_changes: Order book updates that were published.
        gaps: Order book updates that a fault left out.
    """

    orders_accepted: int = 0
    orders_rejected: int = 0
    cancels: int = 0
    fills: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    signed: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    connections_refused: int = 0
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
            "rejections": dict(self.rejections),
            "websocket": {
                "opened": self.opened,
                "closed": self.closed,
                "refused": self.connections_refused,
                "sent": self.sent,
                "received": self.received,
            },
            "books": {"changes": self.book_changes, "gaps": self.gaps},
        }
