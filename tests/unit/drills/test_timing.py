"""What the settings promise about the way from a fault to the mailbox."""

from __future__ import annotations

import pytest

from botobs._ops.drills.catalogue import BY_NAME, DRILLS
from botobs._ops.drills.profile import PRODUCTION, TEST, Profile
from botobs._ops.drills.timing import promised


def test_the_steps_add_up() -> None:
    promise = promised(BY_NAME["database-down"], PRODUCTION)
    # For 15, group wait 1, mail 1; a scrape every 10 and an evaluation every 5 half over.
    assert promise.typical == 15 + 1 + 1 + 7.5
    # The scrape has just been, the evaluations before the first and after the last moment too.
    assert promise.latest == 15 + 1 + 1 + 10 + 2 * 5


def test_a_threshold_that_is_a_time_counts() -> None:
    slower = Profile("slower", {"BOTOBS_THRESHOLD_SILENCE_SECONDS": "112"}, 0, 0)
    drill = BY_NAME["service-frozen"]
    assert promised(drill, slower).typical - promised(drill, PRODUCTION).typical == 100


def test_a_group_has_a_pace_of_its_own() -> None:
    promise = promised(BY_NAME["service-frozen"], PRODUCTION)
    # Silent for 12, for 10 and 2, looked at every 2, group wait 1, mail 1; a canary every 2 and an evaluation every 1.
    assert promise.typical == 12 + 10 + 2 + 2 + 1 + 1 + 1.5
    assert promise.latest == 12 + 10 + 2 + 2 + 1 + 1 + 2 + 2 * 1


def test_a_death_that_the_stack_sees_is_not_waited_for() -> None:
    promise = promised(BY_NAME["service-killed"], PRODUCTION)
    # For 2, group wait 1, mail 1; a look of the stack every 0.5 and an evaluation every 1, half over.
    assert promise.typical == 2 + 1 + 1 + 0.75
    assert promise.latest == promised(BY_NAME["service-frozen"], PRODUCTION).latest


def test_without_prometheus_its_last_word_is_believed_for_four_resends() -> None:
    drill = BY_NAME["prometheus-down"]
    assert promised(drill, PRODUCTION).latest == 4 * 60 + PRODUCTION.deadman_silence + 1 + 60


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_every_drill_has_a_promise_and_tests_are_faster(drill: object) -> None:
    quick, real = promised(drill, TEST), promised(drill, PRODUCTION)  # type: ignore[arg-type]
    assert 0 < quick.typical <= quick.latest < real.latest
    assert quick.typical <= real.typical <= real.latest
