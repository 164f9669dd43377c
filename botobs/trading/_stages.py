"""The stages of an order's life, and which of them a report brings: each counts once, in whatever order they come."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Literal

Stage = Literal[
    "decided",
    "submitted",
    "acknowledged",
    "partially_filled",
    "filled",
    "canceled",
    "expired",
    "rejected",
    "failed",
    "unknown",
]
#: What may become of an order of unknown outcome.
Settlement = Literal["accepted", "rejected", "failed", "filled", "canceled", "expired"]
#: Stages after which nothing more is expected.
ENDS: frozenset[str] = frozenset({"filled", "canceled", "expired", "rejected"})

#: Stages after which the order may be sent again under its id, or updated.
OPEN: frozenset[str] = frozenset({"failed", "unknown"})

#: What an order has come to that was refused, and is sent again: no more than if it had not been sent.
REFUSED: frozenset[Stage] = frozenset({"failed", "rejected", "unknown"})

#: Stages that are outcomes, too.
OUTCOMES = ENDS | OPEN

#: Stages that are a response: the order is no longer in flight.
ANSWERS = OUTCOMES | {"acknowledged", "partially_filled"}

#: Stages after which nothing is waited for, though the order may be sent once more.
SETTLED = ANSWERS - OPEN

#: The settlement of an order of unknown outcome, by the stage that is reported.
SETTLES: dict[str, Settlement] = {
    "acknowledged": "accepted",
    "partially_filled": "accepted",
    "filled": "filled",
    "canceled": "canceled",
    "expired": "expired",
    "rejected": "rejected",
}

#: Stages after which it is certain that the exchange had the order.
TAKEN: frozenset[str] = frozenset(SETTLES) - {"rejected"}

#: Stages that may still be reported of an order that has ended: responses and fills that were overtaken.
OVERTAKEN: frozenset[str] = OPEN | {"submitted", "acknowledged", "partially_filled"}

SETTLEMENTS: frozenset[str] = frozenset({*SETTLES.values(), "failed"})


#: Stages that only an order comes to that the exchange has taken.
_IMPLY_RESPONSE = frozenset({"partially_filled", "filled", "canceled", "expired"})


def newly_reached(reached: AbstractSet[Stage], stage: Stage) -> set[Stage]:
    """The stages that an order reaches with a report.

    Args:
        reached: Those that it has reached before.
        stage: The one that is reported.

    Returns:
        None of `reached`; empty where the report was overtaken.
    """
    over = not ENDS.isdisjoint(reached)
    if stage in reached or (over and stage != "partially_filled"):
        return set()
    if stage in OPEN and "acknowledged" in reached:
        return set()
    if stage == "failed" and "unknown" in reached:
        # An attempt that never left says nothing about the one before.
        return set()
    # A fill or a cancellation that overtakes the response counts as the response.
    implied = stage in _IMPLY_RESPONSE and not over and "acknowledged" not in reached
    return {stage, "acknowledged"} if implied else {stage}
