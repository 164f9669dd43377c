"""A test that failed is run a second time, alone, and named; a fault that stays is a failure."""

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
