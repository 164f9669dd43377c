"""What a fall of Tempo can take: it acknowledges spans that it has only in memory."""

from __future__ import annotations

import time

from testbed.stack import LiveStack
from tests.support.faults import FaultTable, load, struck

#: Seconds before a SIGKILL whose spans may be lost on a machine that has far too much to do; docs/delivery.md tells the
#: usual ones.
WINDOW = 15.0


def test_killed(fresh: LiveStack, faults: FaultTable, long_profile: bool) -> None:
    kills = []
    with load(fresh, "killed", points=0) as running:
        for _ in range(10 if long_profile else 2):
            running.flows(60)
            kills.append(time.monotonic())
            struck(fresh, "tempo")
        running.flows()
    delivery = running.drained()
    answered = dict(zip(running.sender.acknowledged[0], running.sender.answered_at[0], strict=True))
    oldest = max((_before(kills, answered[number]) for number in delivery.requests), default=0.0)
    faults.add(f"Tempo killed {len(kills)} times", delivery, f"the oldest {oldest:.1f} s before its kill")
    assert oldest <= WINDOW


def _before(kills: list[float], acknowledged: float) -> float:
    """Seconds from an acknowledgement to the kill that came next; a moment after it counts as its moment."""
    return min((kill - acknowledged for kill in kills if kill >= acknowledged - 1), default=float("inf"))
