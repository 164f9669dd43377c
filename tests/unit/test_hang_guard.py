"""A test that hangs fails, says where it hangs, and holds up no other."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

_TESTS = """
import threading

def test_hangs():
    threading.Event().wait()

def test_after_it():
    pass
"""


def test_a_hanging_test(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(_TESTS, encoding="utf-8")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
    method = settings["ini_options"]["timeout_method"]
    assert settings["ini_options"]["timeout"] > 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:botobs", "--timeout=0.2", f"--timeout-method={method}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "threading.Event().wait()" in done.stdout
