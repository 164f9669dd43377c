"""What the check for false alarms keeps of what it sees."""

from __future__ import annotations

from typing import Any

from botobs._ops.drills.quiet import Sighting, watch
from botobs._ops.drills.target import Alert


class Stack:
    """Stands in for a stack whose alerts change with every look."""

    def __init__(self, *looks: list[Alert] | None) -> None:
        self._looks = list(looks)

    def in_prometheus(self) -> list[Alert] | None:
        return self._looks.pop(0) if self._looks else []


def _alert(name: str, state: str, value: str = "1", **labels: str) -> Alert:
    return Alert({"alertname": name, **labels}, state, value)


def _watch(stack: Stack) -> list[tuple[str, str, str]]:
    seen: list[Sighting] = watch(stack, seconds=0.3, pause=0.01)  # type: ignore[arg-type]
    return [(each.labels["alertname"], each.state, each.value) for each in seen]


def test_an_alert_is_remembered_by_the_most_that_it_reached() -> None:
    fire = _alert("A", "firing", "3")
    assert _watch(Stack([_alert("A", "pending", "2")], [fire], [_alert("A", "pending")])) == [
        ("A", "firing", "2")
    ]


def test_alerts_with_other_labels_are_others() -> None:
    both: list[Any] = [_alert("A", "firing", exchange_name=name) for name in ("binance", "okx")]
    assert _watch(Stack(both)) == [("A", "firing", "1"), ("A", "firing", "1")]


def test_the_watchdog_is_expected_and_a_prometheus_that_is_away_says_nothing() -> None:
    assert _watch(Stack(None, [_alert("Watchdog", "firing")])) == []
