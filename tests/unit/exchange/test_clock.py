"""The clock offset is narrowed down, and keeps one sign: ours minus theirs."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.instrument.exchange.clock import ClockOffset


@given(
    offset=st.floats(-7200, 7200),
    samples=st.lists(
        st.tuples(st.floats(0, 500), st.floats(0.001, 2), st.floats(0, 1)), min_size=1, max_size=30
    ),
)
def test_the_true_offset_is_within_the_uncertainty(
    offset: float, samples: list[tuple[float, float, float]]
) -> None:
    clock = ClockOffset()
    for moment, duration, share in samples:
        sent = 1_700_000_000 + moment
        clock.add_date_header(
            sent, sent + duration, formatdate(sent + duration * share - offset, usegmt=True)
        )
    assert abs(clock.offset - offset) <= clock.uncertainty + 1e-5


def test_whole_seconds_add_up_to_a_fraction() -> None:
    clock = ClockOffset()
    for step in range(40):
        sent = 1_700_000_000 + step * 1.13
        clock.add_date_header(sent, sent + 0.01, formatdate(sent + 0.005 - 0.3, usegmt=True))
    assert clock.offset == pytest.approx(0.3, abs=0.05)
    assert clock.uncertainty < 0.06


def test_ours_ahead_is_positive() -> None:
    clock = ClockOffset()
    clock.add(sent=1000.0, received=1000.2, exchange_time=998.6)
    assert clock.offset == pytest.approx(1.5)
    assert clock.age(timestamp=998.5, now=1000.0) == pytest.approx(0.0)


def test_a_clock_that_is_set_starts_the_estimate_over() -> None:
    clock = ClockOffset()
    clock.add(1000.0, 1000.2, 1000.1)
    clock.add(1010.0, 1010.2, 4610.1)
    assert clock.offset == pytest.approx(-3600.0)


def test_an_old_estimate_is_forgotten() -> None:
    clock = ClockOffset()
    clock.add(1000.0, 1000.001, 1000.0)
    clock.add(2000.0, 2001.0, 2000.4)
    assert clock.uncertainty == pytest.approx(0.5)


def test_a_header_of_another_clock_does_not_spoil_a_precise_estimate() -> None:
    clock = ClockOffset()
    clock.add(1_700_000_000.0, 1_700_000_000.2, 1_700_000_000.1)
    clock.add_date_header(1_700_000_001.0, 1_700_000_001.2, formatdate(1_700_000_031, usegmt=True))
    assert clock.offset == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    "header", ["", "yesterday", "Tue, 99 Nov 2026 99:00:00 GMT", "0", "Tue, 24 Nov 99999 00:00:00 GMT"]
)
def test_what_is_no_date_is_ignored(header: str) -> None:
    clock = ClockOffset()
    clock.add_date_header(1000.0, 1000.1, header)
    assert not clock.known
    assert clock.offset == 0.0


@pytest.mark.parametrize("moment", [float("nan"), float("inf")])
def test_what_is_no_time_is_ignored(moment: float) -> None:
    clock = ClockOffset()
    clock.add(1000.0, 1000.1, moment)
    clock.add(1000.1, 1000.0, 1000.0)
    assert not clock.known


@pytest.mark.parametrize("jump", [-30.0, 30.0, 3600.0])
def test_a_step_of_our_own_clock_is_seen_at_once_whichever_source_was_better(jump: float) -> None:
    clock = ClockOffset()
    clock.add(1000.0, 1000.2, 1000.1, monotonic=5.0)
    date = formatdate(1010.1, usegmt=True)
    clock.add_date_header(1010.0 + jump, 1010.2 + jump, date, monotonic=15.0)
    assert clock.offset == pytest.approx(jump, abs=1.0)


def test_a_header_of_another_clock_does_not_undo_what_is_known_better() -> None:
    clock = ClockOffset()
    clock.add(1000.0, 1000.2, 1000.1, monotonic=5.0)
    clock.add_date_header(1010.0, 1010.2, formatdate(980, usegmt=True), monotonic=15.1)
    assert clock.offset == pytest.approx(0.0, abs=0.1)
