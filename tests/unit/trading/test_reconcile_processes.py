"""Reconcile begins with `init`, ends with `shutdown`, and stays in its process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "forked.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("engine", ["fast", "stock"])
def test_a_forked_child_does_not_reconcile(engine: str) -> None:
    environ = {**os.environ, "BOTOBS_ENDPOINT": "http://127.0.0.1:1", "BOTOBS_ENGINE": engine}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
