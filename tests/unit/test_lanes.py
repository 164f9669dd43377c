"""Which lanes are due, and what running one writes down."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.programs.versions import pins
from tests import lanes, suite, verified
from tests.lanes import Lane, Lanes

_PART = "tests/drills/test_mail.py"
_LANE = Lane("alerts", "alerts arrive", 5, ["tests/drills"], ["rules"])
_LANES = Lanes({"alerts": _LANE})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit."""
    for name in ("rules", "tests/drills", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("first\n")
    (tmp_path / _PART).write_text("first\n")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return tmp_path


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def _ran(checkout: Path, **changes: Any) -> dict[str, dict[str, dict[str, Any]]]:
    run = {"commit": _git(checkout, "rev-parse", "HEAD"), "passed": 3, "failed": 0, **changes}
    return {"alerts": {_PART: run}}


def test_what_never_ran_is_due(checkout: Path) -> None:
    assert lanes.due(_LANES, {}, checkout) == {"alerts": {_PART: "never ran"}}


def test_what_failed_is_due(checkout: Path) -> None:
    assert lanes.due(_LANES, _ran(checkout, failed=1), checkout) == {"alerts": {_PART: "failed"}}


def test_a_lane_whose_code_is_as_it_was_is_not_due(checkout: Path) -> None:
    (checkout / "elsewhere" / "file").write_text("second\n")
    (checkout / "tests" / "drills" / "file").write_text("second\n")
    assert lanes.due(_LANES, _ran(checkout), checkout) == {}


@pytest.mark.parametrize("path", ["rules/file", _PART])
def test_a_part_whose_code_or_tests_changed_is_due(checkout: Path, path: str) -> None:
    runs = _ran(checkout)
    (checkout / path).write_text("second\n")
    assert lanes.due(_LANES, runs, checkout) == {"alerts": {_PART: "changed"}}


def test_a_part_that_is_new_is_due_alone(checkout: Path) -> None:
    new = checkout / "tests" / "drills" / "chat" / "test_chat.py"
    new.parent.mkdir()
    new.write_text("new\n")
    assert lanes.due(_LANES, _ran(checkout), checkout) == {"alerts": {"tests/drills/chat": "never ran"}}


def test_a_commit_that_is_not_there_is_due(checkout: Path) -> None:
    (why,) = lanes.due(_LANES, _ran(checkout, commit="f" * 40), checkout)["alerts"].values()
    assert "does not know" in why


def test_the_parts_of_a_lane_are_grouped_by_reason() -> None:
    waiting = {"a/test_1.py": "failed", **{f"a/test_{number}.py": "never ran" for number in range(2, 7)}}
    assert lanes.summary(waiting) == "failed: test_1; never ran: test_2, test_3, test_4 and 2 more"


def test_an_unknown_lane_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert lanes.main(["alarms"]) == 2
    assert "alerts" in capsys.readouterr().err


def test_every_path_of_the_table_is_there() -> None:
    table = lanes.read()
    for lane in table.by_name.values():
        missing = [path for path in (*lane.tests, *lane.code) if not (lanes.ROOT / path).exists()]
        assert not missing, lane.name


def test_samples_are_tests_of_their_lanes() -> None:
    for lane in lanes.read().by_name.values():
        for test in lane.sample:
            file = test.partition("::")[0]
            assert any(file == path or file.startswith(f"{path}/") for path in lane.tests), test
            assert (lanes.ROOT / file).is_file(), test


def test_what_goes_wrong_outside_has_a_sample() -> None:
    """An alert that arrives, an outage, a poison, a mutant of a rule, what is older, the chart, and ends."""
    sampled = {name: len(lane.sample) for name, lane in lanes.read().by_name.items() if lane.sample}
    assert sampled == {
        "pipeline": 2,
        "first-minute": 1,
        "programs": 2,
        "alerts": 2,
        "kubernetes": 1,
        "operation": 1,
        "fuzz": 3,
        "clients": 1,
        "pythons": 1,
    }


def test_every_drill_is_in_a_lane() -> None:
    named = {test for lane in lanes.read().by_name.values() for test in lane.tests}
    written = {
        str(file.relative_to(lanes.ROOT)) for file in (lanes.ROOT / "tests" / "drills").glob("test_*.py")
    }
    assert written <= named


def test_what_ran_is_valid() -> None:
    table = lanes.read().by_name
    for name, ran in verified.read().items():
        for part, run in ran.items():
            assert part in table[name].parts(), name
            assert run["commit"] and run["passed"] >= 0


def test_no_run_tells_of_the_machine_that_it_ran_on() -> None:
    """No path, and no name of the host."""
    reported = json.dumps(verified.read())
    assert platform.node() not in reported
    assert not re.search(r'[" ](/|~|[A-Z]:\\\\)', reported)


def test_each_part_of_a_run_is_written_down_with_its_figures(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.drills.test_mail" name="a" time="60.2"><properties>
          <property name="to the mailbox, s" value="6.2"/></properties></testcase>
        <testcase classname="tests.drills.test_mail.TestAll" name="b" time="30"><failure/></testcase>
        <testcase classname="tests.drills.test_mail" name="c" time="0"><skipped/></testcase>
        <testcase classname="tests.drills.chat.test_chat" name="d" time="1"/>
        <testcase classname="" name="tests.drills.test_mailed"><error/></testcase>
        </testsuite></testsuites>"""
    )
    file = tmp_path / "verified.json"
    file.write_text(json.dumps({"alerts": {"tests/drills/test_old.py": {"passed": 1}}, "why": {}}))
    parts = [_PART, "tests/drills/chat", "tests/drills/test_mailed.py"]
    verified.write("alerts", parts, "short", report, file)
    runs = verified.read(file)
    assert set(runs) == {"alerts", "why"} and set(runs["alerts"]) == {*parts, "tests/drills/test_old.py"}
    run = runs["alerts"][_PART]
    assert (run["passed"], run["failed"], run["skipped"], run["seconds"]) == (1, 1, 1, 90)
    assert run["figures"] == {"to the mailbox, s": "6.2"}
    assert len(run["commit"]) == 40 and run["date"].startswith("20")
    assert runs["alerts"]["tests/drills/chat"]["passed"] == 1
    assert runs["alerts"]["tests/drills/test_mailed.py"]["failed"] == 1


def test_the_slowest_tests_are_listed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="fast" time="0.1"/>'
        '<testcase classname="a" name="slow" time="9"/></testsuite></testsuites>'
    )
    assert suite.slowest([report, tmp_path / "none.xml"], 1) == [(9.0, "a::slow")]


def test_every_component_of_a_stack_is_built_for_other_machines() -> None:
    """A part of the lane each, because together they take an hour."""
    files = {
        path.stem.removeprefix("test_")
        for path in (lanes.ROOT / "tests/integration/machines").glob("test_*.py")
    }
    assert files == {pin.name.replace("-", "_") for pin in pins().values() if pin.licence}
