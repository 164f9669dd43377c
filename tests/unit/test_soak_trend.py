"""What the lane `soak` calls growth."""

from __future__ import annotations

import random

import pytest

from tests.support.soak import Bound, Trend

_TIMES = [60.0 * minute for minute in range(240)]
_BOUND = Bound(0.05, 4)


def _values(growth: float, noise: float) -> list[float]:
    chance = random.Random(5)
    return [100 + growth * at / _TIMES[-1] + chance.uniform(-noise, noise) for at in _TIMES]


@pytest.mark.parametrize("noise", [0, 20])
def test_what_goes_up_and_down_is_no_growth(noise: float) -> None:
    assert not Trend.of(_TIMES, _values(0, noise)).exceeds(_BOUND)


@pytest.mark.parametrize("noise", [0, 20])
def test_what_goes_up_in_all_is_growth(noise: float) -> None:
    trend = Trend.of(_TIMES, _values(20, noise))
    assert trend.growth == pytest.approx(20, abs=5)
    assert trend.exceeds(_BOUND)


def test_what_gets_less_is_no_growth() -> None:
    assert not Trend.of(_TIMES, _values(-30, 0)).exceeds(_BOUND)
