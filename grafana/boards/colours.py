"""Colours that mean something, the same on every board."""

from __future__ import annotations

#: Of the states of bots.
STATES: dict[str, str] = {
    "created": "text",
    "starting": "light-blue",
    "running": "green",
    "paused": "yellow",
    "stopping": "light-orange",
    "stopped": "gray",
    "failed": "red",
}
#: Of what became of orders: red is what nobody knows, orange what was refused.
OUTCOMES: dict[str, str] = {
    "accepted": "blue",
    "filled": "green",
    "canceled": "gray",
    "expired": "gray",
    "rejected": "orange",
    "failed": "light-orange",
    "unknown": "red",
}
