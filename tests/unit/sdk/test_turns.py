"""What the export thread computes lets other threads in between."""

from __future__ import annotations

import pytest

from botobs._sdk import turns
from botobs._sdk.export.counts import Counts
from botobs._sdk.export.priority import Priority
from botobs._sdk.export.queue import SpanQueue


class Clock:
    """A clock that work moves, and that remembers the pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def perf_counter(self) -> float:
        """As `time.perf_counter`."""
        return self.now

    def sleep(self, _: float) -> None:
        """As `time.sleep`."""
        self.pauses.append(self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the turns."""
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    return clock


@pytest.mark.parametrize(("microseconds", "pauses"), [(0, 0), (10, 31), (300, 125)])
def test_others_get_a_turn_by_the_clock(clock: Clock, microseconds: int, pauses: int) -> None:
    seen = []
    for item in turns.in_turns(range(1000)):
        seen.append(item)
        clock.now += microseconds / 1e6
    assert seen == list(range(1000))
    assert len(clock.pauses) == pauses


def test_what_has_landed_is_sorted_in_turns(clock: Clock) -> None:
    def size_of(_: object) -> int:
        clock.now += 0.001
        return 1

    queue = SpanQueue(10**6, Counts(), size_of, lambda _: Priority.NORMAL)
    for span in range(64):
        queue.add_unsorted(span)
    queue.sort(2)
    assert not clock.pauses
    queue.sort()
    assert clock.pauses
