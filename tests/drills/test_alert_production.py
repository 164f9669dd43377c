"""The way to the mailbox at the pace of production, with its unmodified rules: the long form alone has the time."""

from __future__ import annotations

import pytest

from botobs.drills import report
from botobs.drills.catalogue import BY_NAME
from botobs.drills.profile import PRODUCTION
from botobs.drills.runner import Run
from botobs.drills.stage import Stage
from botobs.drills.target import Target
from botobs.drills.timing import promised


def test_a_mail_arrives_when_the_settings_promise_it(long_profile: bool) -> None:
    if not long_profile:
        pytest.skip("takes some minutes: make drills")
    drill = BY_NAME["collector-down"]
    with Stage(PRODUCTION) as stage, Target(stage.running) as target:
        result = Run(drill, target, PRODUCTION, stage.inbox).run()
    assert result.problems == [], report.describe(result, PRODUCTION)
    assert result.received["email"] - result.fault_in <= promised(drill, PRODUCTION).latest
    assert report.also_told(result) == set()
