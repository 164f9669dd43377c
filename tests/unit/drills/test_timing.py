"""What the settings promise about the way from a fault to the mailbox."""

from __future__ import annotations

import pytest

from botobs._ops.drills.catalogue import BY_NAME, DRILLS
from botobs._ops.drills.profile import PRODUCTION, TEST, Profile
from botobs._ops.drills.timing import promised


def test_the_steps_add_up() -> None:
    promise = promised(BY_NAME["database-down"], PRODUCTION)
    # Query offset 10, for 15, group wait 5, mail 1; a scrape and an evaluation of 15 half over.
    assert promise.typical == 10 + 15 + 5 + 1 + 15
    # The scrape has just been, the evaluations before the first and after the last moment too.
    assert promise.latest == 10 + 15 + 5 + 1 + 15 + 2 * 15


def test_a_threshold_that_is_a_time_counts() -> None:
    slower = Profile("slower", {"BOTOBS_THRESHOLD_SILENCE_SECONDS": "112"}, 0, 0)
    drill = BY_NAME["service-killed"]
    assert promised(drill, slower).typical - promised(drill, PRODUCTION).typical == 100


def test_a_group_has_a_pace_of_its_own() -> None:
    promise = promised(BY_NAME["service-killed"], PRODUCTION)
    # Silent for 12, for 10, group wait 5, mail 1; a canary and an evaluation every 2, without an offset.
    assert promise.typical == 12 + 10 + 5 + 1 + 2
    assert promise.latest == 12 + 10 + 5 + 1 + 2 + 2 * 2


def test_without_prometheus_its_last_word_is_believed_for_four_resends() -> None:
    drill = BY_NAME["prometheus-down"]
    assert promised(drill, PRODUCTION).latest == 4 * 60 + PRODUCTION.deadman_silence + 1 + 60


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_every_drill_has_a_promise_and_tests_are_faster(drill: object) -> None:
    quick, real = promised(drill, TEST), promised(drill, PRODUCTION)  # type: ignore[arg-type]
    assert 0 < quick.typical <= quick.latest < real.typical <= real.latest
