"""The time of a drill's fault is told, also when what carries it was away meanwhile."""

from __future__ import annotations

from typing import Any

import httpx

from botobs._ops.drills.marks import Mark


class Collector:
    """Stands in for a stack whose collector is away for so many requests."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.points: list[tuple[int, str]] = []

    def report(self, metric: dict[str, Any]) -> None:
        assert metric["name"] == "botobs.drill.running"
        self.away -= 1
        if self.away >= 0:
            raise httpx.ConnectError("away")
        self.points += [
            (int(point["timeUnixNano"]), point["asInt"]) for point in metric["gauge"]["dataPoints"]
        ]


def _marked(away: int) -> Collector:
    collector = Collector(away)
    with Mark(collector, "database-down") as mark:  # type: ignore[arg-type]
        mark.undone()
    return collector


def test_the_beginning_and_the_end_are_told() -> None:
    assert [running for _, running in _marked(0).points] == ["1", "0"]


def test_what_could_not_be_told_is_told_later_with_its_own_time() -> None:
    (began, first), (ended, last) = _marked(2).points
    assert (first, last) == ("1", "0")
    assert began < ended
