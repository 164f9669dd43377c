"""Values as people read them."""

from __future__ import annotations

import math

import pytest

from botobs._ops.report import units


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("s", 0.0000012, "1.2 µs"),
        ("s", 0.0125, "12.5 ms"),
        ("s", 59.0, "59 s"),
        ("s", 90.0, "1.5 min"),
        ("s", 0.0, "0 s"),
        ("bytes", 1536.0, "1.5 KiB"),
        ("percentunit", 0.125, "12.5 %"),
        ("percentunit", -0.5, "-50 %"),
        ("ops", 2.5, "2.5/s"),
        ("Bps", 1500.0, "1.5 kB/s"),
        ("short", 1234.0, "1.23k"),
        ("short", 0.001, "0.001"),
        ("short", 0.00001, "1.0e-05"),
        ("reqps", 0.0045, "0.27 req/min"),
        ("reqps", 0.0001, "0.36 req/h"),
        ("ops", 0.05, "3/min"),
        (None, 8.0, "8"),
        ("bool_yes_no", 1.0, "yes"),
        ("short", None, "–"),  # noqa: RUF001 - what stands there
        ("short", math.nan, "–"),  # noqa: RUF001
        ("short", math.inf, "∞"),
    ],
)
def test_a_value_is_short_and_has_its_unit(unit: str | None, value: float | None, text: str) -> None:
    assert units.text(unit, value) == text


def test_a_moment_is_told_by_its_age() -> None:
    for seconds, text in (
        (5.0, "5 s"),
        (60.0, "1 min"),
        (146.9, "2 min 26 s"),
        (7260.0, "2 h 1 min"),
        (90000.0, "1 d 1 h"),
    ):
        assert units.text("dateTimeFromNow", 1_000_000.0, now=1000.0 + seconds) == f"{text} ago"


def test_a_chart_has_one_scale_for_all_its_numbers() -> None:
    scale = units.scale("s", 0.25)
    assert (scale.divisor, scale.suffix) == (1e-3, " ms")
