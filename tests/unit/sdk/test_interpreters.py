"""Further interpreters of a process, as `concurrent.futures.InterpreterPoolExecutor` makes them, can import botobs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

PROGRAM = """
import builtins
original = __import__

def without_psutil(name, *rest, **more):
    # Python 3.12 and later refuse it there; opentelemetry's own import of it may fail.
    if name.partition(".")[0] == "psutil":
        raise ImportError("module psutil._psutil_linux does not support loading in subinterpreters")
    return original(name, *rest, **more)

builtins.__import__ = without_psutil
import botobs
with botobs.span("worked"):
    print("worked", flush=True)
botobs.init()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="psutil is needed elsewhere")
def test_botobs_is_imported_and_used(start: Callable[..., Any]) -> None:
    process = start(
        f"""
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        botobs.init()
        further = interpreters.create()
        failed = getattr(interpreters, "exec", None) or interpreters.run_string
        print(failed(further, {PROGRAM!r}))
        interpreters.destroy(further)
        """
    )
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output.splitlines()) == (0, ["worked", "None"]), errors
    assert errors.count("\n") == 1 and "botobs does not run: RuntimeError" in errors
