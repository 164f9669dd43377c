"""One grammar for durations and sizes, wherever somebody writes one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._ops.errors import StackError
from botobs._ops.settings import outage
from botobs._sdk import units
from botobs._sdk.settings import _parse

DURATIONS = {
    "90": 90.0,
    "90s": 90.0,
    "1.5h": 5400.0,
    "1h30m": 5400.0,
    "1h30.5m": 5430.0,
    "500ms": 0.5,
    "2d": 172800.0,
    "2w": 1209600.0,
    " 10 s ": 10.0,
    "0.1": 0.1,
}
REFUSED = [
    "",
    " ",
    "h",
    "-1s",
    "1h 30",
    "30m1h",
    "1m1m",
    "1.5h30m",
    "1H",
    "nan",
    "inf",
    "1e3",
    "1,5h",
    "1h-",
    "٣s",
    "9" * 80,
]
SIZES = {
    "4096": 4096,
    "1B": 1,
    "500KB": 500_000,
    "500kB": 500_000,
    "64MiB": 64 * 2**20,
    "1GB": 10**9,
    "1GiB": 2**30,
    "1.5GB": 1_500_000_000,
    "2 TiB": 2 * 2**40,
}
REFUSED_SIZES = ["", "GB", "-1", "1gb", "1G", "1 GB B", "nan", "1e9", "0x10", "1" * 80]


def _horizon(text: str) -> float:
    return outage.length_of_time("BOTOBS_HORIZON", text)


@pytest.mark.parametrize("read", [units.seconds, _parse.seconds, _horizon])
@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_means_the_same_everywhere(read: Callable[[str], float], text: str) -> None:
    assert read(text) == DURATIONS[text]


@pytest.mark.parametrize("read", [units.seconds, _parse.seconds, _horizon])
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_duration_is_refused_everywhere(read: Callable[[str], float], text: str) -> None:
    with pytest.raises((ValueError, StackError), match="1h30m"):
        read(text)


@pytest.mark.parametrize("text", SIZES)
def test_a_size_means_the_same_everywhere(text: str) -> None:
    assert units.size(text) == _parse.size(text) == outage.bytes_of("BOTOBS_SPOOL_BYTES", text) == SIZES[text]


@pytest.mark.parametrize("text", REFUSED_SIZES)
def test_what_is_no_size_is_refused_everywhere(text: str) -> None:
    for read in (units.size, _parse.size, lambda given: outage.bytes_of("BOTOBS_SPOOL_BYTES", given)):
        with pytest.raises((ValueError, StackError), match="64MiB"):
            read(text)


@given(st.integers(0, 10**12))
def test_what_is_written_is_read_again(milliseconds: int) -> None:
    assert units.seconds(units.duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@given(st.text(max_size=100))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (units.seconds, units.size):
        try:
            assert read(text) >= 0
        except units.UnitError as error:
            assert "must be" in str(error)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (146.9, "2 min 26 s"),
        (7860, "2 h 11 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_an_age_is_its_two_largest_units(seconds: float, text: str) -> None:
    assert units.age(seconds) == text
