"""The rules, rendered, are what promtool takes; and each does what its tests say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from botobs._ops.home import assets
from tests.support import rules

_FILES = sorted(file.name for file in (assets.root() / "prometheus" / "tests").glob("*.yml"))


def test_the_rules_are_valid(promtool: Path, rendered: Path) -> None:
    files = sorted(str(file) for file in (rendered / "rules").glob("*.yml"))
    checked = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", *files], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
@pytest.mark.parametrize("file", [pytest.param(file, marks=pytest.mark.xdist_group(file)) for file in _FILES])
def test_the_rules_do_what_their_tests_say(promtool: Path, rendered: Path, tmp_path: Path, file: str) -> None:
    rules.only_named_groups(rendered, file, tmp_path)
    tested = subprocess.run(
        [promtool, "test", "rules", file], cwd=tmp_path / "tests", capture_output=True, text=True
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
