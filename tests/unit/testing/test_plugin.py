"""The plugin as pytest loads it in a project that uses botobs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

#: Whether this installation of botobs is new enough for pytest to find the plugin by itself.
_INSTALLED = any(point.value == "pytest_botobs" for point in entry_points(group="pytest11"))

TEST = """
from botobs import trading

def test_a_bot_runs(botobs_capture):
    trading.bot("b1").state("running")
    assert botobs_capture.value("botobs.bot.transitions") == 1

def test_it_is_alone(botobs_capture):
    assert 'b1' not in str(botobs_capture.metrics)
"""


def run(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    found = [] if _INSTALLED else ["-p", "pytest_botobs"]
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:asyncio", *found, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_the_fixture_is_there(tmp_path: Path) -> None:
    ran = run(tmp_path, TEST)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout


PAGE = Path(__file__).parents[3] / "docs" / "testing.md"


def test_the_examples_of_its_page_pass(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    ran = run(tmp_path, "\n\n".join(blocks))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout


def test_pytest_starts_where_botobs_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import sys\n\nassert 'botobs' not in sys.modules\n")
    ran = run(tmp_path, "def test_something_else():\n    pass\n")
    assert ran.returncode == 0, ran.stdout + ran.stderr
