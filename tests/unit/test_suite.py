"""A test that failed is run a second time, alone, and named; a fault that stays is a failure. Groups stay together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import suite
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

_FLAKY = """
from pathlib import Path

import pytest

SEEN = Path(__file__).with_suffix(".seen")


def test_flaky():
    with SEEN.open("a") as seen:
        seen.write("flaky\\n")
    assert SEEN.read_text().count("flaky") > 1


def test_sound():
    with SEEN.open("a") as seen:
        seen.write("sound\\n")
"""


#: Tests of two groups, of which one is in two files; each says in which process it runs.
_GROUPED = """
import os
from pathlib import Path

import pytest

SEEN = Path(__file__).parent


@pytest.mark.parametrize("number", range(4))
@pytest.mark.xdist_group("shared")
def test_shared(number):
    with (SEEN / "shared").open("a") as seen:
        seen.write(os.environ["PYTEST_XDIST_WORKER"] + " ")


@pytest.mark.xdist_group("other")
def test_flaky():
    seen = Path(__file__).with_suffix(".seen")
    again = seen.exists()
    seen.touch()
    assert again
"""


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the parts of a suite write."""
    monkeypatch.setattr(suite, "LOGS", tmp_path / "logs")
    return tmp_path / "logs"


def _ended(part: suite.Part) -> int:
    part.start()
    eventually(lambda: part.poll() is not None)
    code = part.poll()
    assert code is not None
    return code


def _part(folder: Path, text: str) -> suite.Part:
    (folder / "test_it.py").write_text(text)
    return suite.tests_of("unit", [str(folder / "test_it.py"), "-n", "2"])


def test_a_second_try(tmp_path: Path, logs: Path) -> None:
    part = _part(tmp_path, _FLAKY)
    assert _ended(part) == 0
    assert [name.rpartition("::")[2] for name in part.second] == ["test_flaky"]
    assert sorted((tmp_path / "test_it.seen").read_text().split()) == ["flaky", "flaky", "sound"]
    assert "assert 1 > 1" in part.log.read_text()


def test_a_fault_that_stays(tmp_path: Path, logs: Path) -> None:
    part = _part(tmp_path, "def test_broken():\n    assert 0\n")
    assert _ended(part) == 1
    assert len(part.second) == 1


def test_many_faults_are_no_accident(tmp_path: Path, logs: Path) -> None:
    many = "".join(f"def test_{number}():\n    assert 0\n" for number in range(suite.SECOND_TRIES + 1))
    part = _part(tmp_path, many)
    assert _ended(part) == 1
    assert part.second == []


def test_groups_stay_together_and_their_tests_are_found_again(tmp_path: Path, logs: Path) -> None:
    for name in ("test_it.py", "test_others.py"):
        (tmp_path / name).write_text(_GROUPED)
    hooks = "pytest_collection_modifyitems, pytest_runtest_logreport"
    (tmp_path / "conftest.py").write_text(f"from tests.integration.conftest import {hooks}\n")
    part = suite.tests_of("unit", [str(tmp_path), "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"])
    assert _ended(part) == 0
    workers = (tmp_path / "shared").read_text().split()
    assert len(workers) == 8
    assert len(set(workers)) == 1
    assert [name.rpartition("::")[2] for name in part.second] == ["test_flaky"] * 2
    assert "2 passed" in part.log.read_text()
