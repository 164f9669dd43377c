"""Which lanes are due, and what running one writes down."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import lanes, suite
from tests.lanes import Lane, Lanes

_LANE = Lane("alerts", "alerts arrive", 5, ["tests/drills"], ["rules"])
_LANES = Lanes({"alerts": _LANE})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit."""
    for name in ("rules", "tests/drills", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("first\n")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return tmp_path


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def _ran(checkout: Path, **changes: Any) -> dict[str, dict[str, Any]]:
    return {"alerts": {"commit": _git(checkout, "rev-parse", "HEAD"), "passed": 3, "failed": 0, **changes}}


def test_a_lane_that_never_ran_is_due(checkout: Path) -> None:
    assert lanes.due(_LANES, {}, checkout) == {"alerts": "it has never run"}


def test_a_lane_that_failed_is_due(checkout: Path) -> None:
    assert lanes.due(_LANES, _ran(checkout, failed=1), checkout) == {"alerts": "it failed"}


def test_a_lane_whose_code_is_as_it_was_is_not_due(checkout: Path) -> None:
    (checkout / "elsewhere" / "file").write_text("second\n")
    assert lanes.due(_LANES, _ran(checkout), checkout) == {}


@pytest.mark.parametrize("path", ["rules/file", "tests/drills/file"])
def test_a_lane_whose_code_or_tests_changed_is_due(checkout: Path, path: str) -> None:
    runs = _ran(checkout)
    (checkout / path).write_text("second\n")
    assert lanes.due(_LANES, runs, checkout) == {"alerts": f"changed since: {path}"}


def test_a_commit_that_is_not_there_is_due(checkout: Path) -> None:
    (why,) = lanes.due(_LANES, _ran(checkout, commit="f" * 40), checkout).values()
    assert "does not know" in why


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
    for name, run in lanes.verified().items():
        assert name in lanes.read().by_name
        assert json.dumps(run) and run["commit"] and run["passed"] >= 0


def test_no_run_tells_of_the_machine_that_it_ran_on() -> None:
    """No path, and no name of the host."""
    told = json.dumps(lanes.verified())
    assert platform.node() not in told
    assert not re.search(r'[" ](/|~|[A-Z]:\\\\)', told)


def test_a_run_is_written_down_with_its_figures(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="3" failures="1" errors="0" skipped="1"><testcase name="a"><properties>'
        '<property name="to the mailbox, s" value="6.2"/></properties></testcase></testsuite></testsuites>'
    )
    file = tmp_path / "verified.json"
    lanes.write(_LANE, "short", 90, report, file)
    run = lanes.verified(file)["alerts"]
    assert (run["passed"], run["failed"], run["skipped"], run["seconds"]) == (1, 1, 1, 90)
    assert run["figures"] == {"to the mailbox, s": "6.2"}
    assert len(run["commit"]) == 40 and run["date"].startswith("20")


def test_the_slowest_tests_are_listed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="fast" time="0.1"/>'
        '<testcase classname="a" name="slow" time="9"/></testsuite></testsuites>'
    )
    assert suite.slowest([report, tmp_path / "none.xml"], 1) == [(9.0, "a::slow")]
