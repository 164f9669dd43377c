"""The way to the mailbox at the pace of production, with its unmodified rules: the long form alone has the time."""

from __future__ import annotations

import pytest

from botobs._ops.drills import report
from botobs._ops.drills.catalogue import BY_NAME
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.profile import PRODUCTION
from botobs._ops.drills.runner import Run
from botobs._ops.drills.target import Target
from botobs._ops.drills.timing import promised


def test_a_mail_arrives_when_the_settings_promise_it(long_profile: bool) -> None:
    if not long_profile:
        pytest.skip("takes some minutes: make drills")
    drill = BY_NAME["collector-down"]
    with DemoStack(PRODUCTION) as demo, Target(demo.running) as target:
        result = Run(drill, target, PRODUCTION, demo.inbox).run()
    assert result.problems == [], report.describe(result, PRODUCTION)
    assert result.received["email"] - result.fault_in <= promised(drill, PRODUCTION).latest
    assert report.also_told(result) == set()
