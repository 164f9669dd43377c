"""A process is accounted for between two of its own reports, so that both sides have one window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from botobs._ops.ledger._processes import Process, are_mixed, between, by_process, is_silent

#: A process that starts 100 spans a second, has 30 of them on their way at a report, and reports each 15 s.
_REPORTS = [(15.0 * number, 1500.0 * number) for number in range(1, 41)]
_STEADY = Process("engine", "1", _REPORTS, [(at + 0.01, value - 30) for at, value in _REPORTS])


@given(begin=st.floats(15, 300), length=st.floats(45, 250))
def test_what_is_counted_is_what_was_started_between_two_reports(begin: float, length: float) -> None:
    reported = between(_STEADY, begin, begin + length)
    assert reported is not None
    assert reported.begin is not None
    assert reported.begin <= begin
    assert reported.end <= begin + length
    assert reported.spans.produced == round((reported.end - reported.begin) * 100)
    assert reported.spans.unsettled == 30
    assert reported.spans.blurred == 10


def test_one_report_that_finds_nothing_on_its_way_settles_all_before() -> None:
    exported = [(at, value - (0 if at == 600 else 300)) for at, value in _REPORTS]
    reported = between(Process("engine", "1", _REPORTS, exported), 100, 585)
    assert reported is not None
    assert reported.spans.unsettled == 0


def test_a_new_process_has_begun_at_zero() -> None:
    reported = between(_STEADY, 0, 600)
    assert reported is not None
    assert (reported.begin, reported.spans.produced) == (None, 60_000)


def test_a_process_that_was_silent_for_long_has_not() -> None:
    reported = between(Process("engine", "1", _REPORTS, older=True), 0, 600)
    assert reported is not None
    assert (reported.begin, reported.spans.produced) == (15, 58_500)


def test_without_two_reports_nothing_is_told() -> None:
    assert between(_STEADY, 1000, 2000) is None
    assert between(_STEADY, 100, 100.5) is None


def test_a_counter_that_falls_is_another_process() -> None:
    started = {("engine", "1"): [(10.0, 5.0), (25.0, 9.0), (40.0, 3.0), (55.0, 4.0)]}
    dropped = {("engine", "1", "queue_full"): [(25.0, 1.0), (55.0, 2.0)]}
    first, second = by_process(started, {}, dropped, set())
    assert (first.after, second.after) == (None, 25.0)
    reported = between(second, 5, 60)
    assert reported is not None
    assert (reported.begin, reported.end, reported.spans.produced) == (25.0, 55.0, 4)
    assert reported.spans.dropped == {"queue_full": 2}


def _each_15_s(*values: float) -> list[tuple[float, float]]:
    return [(15.0 * place, value) for place, value in enumerate(values)]


def test_two_processes_of_one_name_are_mixed() -> None:
    """Whichever of them reports more often."""
    assert are_mixed(_each_15_s(100, 5, 101, 6, 102, 7, 103, 8, 104))
    assert are_mixed(_each_15_s(100, 101, 5, 102, 103, 6, 104, 105, 6, 106, 107, 9))


def test_a_clock_that_was_set_back_is_mixed() -> None:
    assert are_mixed(_each_15_s(90, 100, 160, 110, 170, 120, 180, 130, 190, 140, 200, 210))


def test_restarts_are_not() -> None:
    assert not are_mixed(_each_15_s(5, 10, 15, 4, 9, 14, 6, 12, 3, 9, 15, 1))
    assert not are_mixed(_each_15_s(100, 200, 10, 300))
    assert not are_mixed(_REPORTS)


def test_who_has_stopped_reporting_is_silent() -> None:
    """For longer than three of its own intervals; one report says nothing of how long they are."""
    assert not is_silent(_REPORTS, 780, 180)
    assert is_silent(_REPORTS, 781, 180)
    slow = [(600.0 * number, 1.0) for number in range(5)]
    assert not is_silent(slow, 4200, 180)
    assert is_silent(slow, 4201, 180)
    assert is_silent([(0.0, 1.0)], 181, 180)
    assert not is_silent(_REPORTS, 1, 180)
