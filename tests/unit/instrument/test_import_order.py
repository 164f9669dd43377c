from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("import_order_program.py")


def test_libraries_that_are_imported_after_the_installation_are_watched() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(PROGRAM)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # A server's span ends before its client's; nobody listens where asyncpg connects.
    assert done.stdout.split() == ["SELECT", *["GET", "/hello", "GET"] * 3, "CONNECT"]
