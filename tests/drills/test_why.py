"""`botobs why` names the fault that was made, asked about what follows from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

import pytest

from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.target import Target
from tests.drills import _why_first, _why_fourth, _why_second, _why_third
from tests.drills._why_asking import VARIABLES, Case, answers, wrong

_ALL = [
    pytest.param(name, case, each.SHUFFLED, id=f"{title}: {name}")
    for title, each in (
        ("first", _why_first),
        ("second", _why_second),
        ("third", _why_third),
        ("fourth", _why_fourth),
    )
    for name, case in each.CASES.items()
]


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A demo's handles."""
    with DemoStack(TEST, variables=VARIABLES) as demo, Target(demo.running) as handles:
        yield handles


@pytest.mark.parametrize(("name", "case", "shuffled"), _ALL)
def test_the_first_guess_is_the_fault(
    target: Target,
    name: str,
    case: Case,
    shuffled: Mapping[str, str],
    record_property: Callable[[str, object], None],
) -> None:
    reported = answers(target, case, shuffled)
    record_property(name, json.dumps(reported))
    assert not wrong(case, reported), reported
