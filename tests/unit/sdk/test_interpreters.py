"""Further interpreters of a process, as `concurrent.futures.InterpreterPoolExecutor` makes them, can import botobs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@pytest.mark.skipif(sys.platform != "linux", reason="psutil is needed elsewhere")
def test_botobs_is_imported_and_used(start: Callable[..., Any]) -> None:
    process = start(PROGRAMS / "interpreters.py", str(PROGRAMS / "in_another_interpreter.py"))
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output.splitlines()) == (0, ["worked", "None"]), errors
    assert errors.count("\n") == 1 and "botobs does not run: RuntimeError" in errors
