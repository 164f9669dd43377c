"""What a burst of rejected orders is, and how often it asks for an early export."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from botobs._sdk.orders import rejections
from botobs._sdk.orders.rejections import Rejections


class Clock:
    """A time that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rejections, "time", made)
    return made


@pytest.fixture
def asked() -> list[float]:
    return []


@pytest.fixture
def seen(clock: Clock, asked: list[float]) -> Rejections:
    return Rejections(lambda: asked.append(clock.now))


def test_three_within_ten_seconds_are_a_burst(seen: Rejections, clock: Clock, asked: list[float]) -> None:
    seen.rejected("okx")
    seen.rejected("okx")
    assert (list(seen.bursts()), asked) == ([], [])
    clock.now += 10
    seen.rejected("okx")
    assert (list(seen.bursts()), asked) == ([("okx", 3)], [1010])
    clock.now += 0.1
    assert list(seen.bursts()) == []


def test_a_rejection_now_and_then_is_none(seen: Rejections, clock: Clock, asked: list[float]) -> None:
    for _ in range(100):
        clock.now += 5.1
        seen.rejected("okx")
    assert (list(seen.bursts()), asked) == ([], [])


def test_half_of_the_answers_must_be_rejections(seen: Rejections, asked: list[float]) -> None:
    for _ in range(5):
        seen.rejected("okx")
        seen.accepted("okx")
    assert list(seen.bursts()) == [("okx", 5)]
    seen.accepted("okx")
    assert list(seen.bursts()) == []
    # What was taken before the burst says nothing about it, nor what another exchange takes.
    for _ in range(100):
        seen.accepted("binance")
    for _ in range(3):
        seen.rejected("binance")
    assert list(seen.bursts()) == [("binance", 3)]


def test_a_burst_that_lasts_asks_no_longer_than_it_is_counted(
    seen: Rejections, clock: Clock, asked: list[float]
) -> None:
    for _ in range(10_000):
        clock.now += 0.125
        seen.rejected("okx")
    assert asked
    assert max(asked) <= 1000.125 + rejections.WINDOW
    assert list(seen.bursts()) == [("okx", 81)]
    clock.now += 60
    before = len(asked)
    for _ in range(3):
        seen.rejected("okx")
    assert len(asked) == before + 1


def test_many_exchanges_and_many_rejections_are_bounded(seen: Rejections) -> None:
    for number in range(1000):
        seen.rejected(f"exchange-{number}")
    assert dict(seen.bursts()) == {"other": 900}
    for _ in range(5000):
        seen.rejected("exchange-0")
    assert dict(seen.bursts())["exchange-0"] == 1000


@pytest.mark.parametrize("report", [Rejections.accepted, Rejections.rejected])
def test_a_forked_child_begins_anew(seen: Rejections, report: Callable[[Rejections, str], None]) -> None:
    for _ in range(5):
        seen.rejected("okx")
    seen.forget()
    report(seen, "okx")
    assert list(seen.bursts()) == []
