"""The drills of `botobs drill`, on the demo as a cluster: the same rules tell the same people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from botobs._ops.drills import report
from botobs._ops.drills.catalogue import DRILLS
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.drill import Drill
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.runner import Run
from botobs._ops.drills.target import Target

#: A part of the pipeline, and a service.
_SHORT = {"collector-down", "service-killed"}


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoStack]:
    """The demo as a cluster, with a mail server, a Slack and a dead-man's switch."""
    with DemoStack(TEST, cluster=True) as running:
        yield running


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_drill(demo: DemoStack, drill: Drill, long_profile: bool) -> None:
    if drill.name not in _SHORT and not long_profile:
        pytest.skip("the others are run by `make drills`")
    with Target(demo.running) as target:
        result = Run(drill, target, TEST, demo.inbox).run()
    assert result.problems == [], report.describe(result, TEST)
