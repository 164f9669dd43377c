"""Starts a module of botobs as a process, whatever the working folder holds.

`python -m` looks into the working folder first: there a package called like ours would be run in its place.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..._sdk.process import alive

_ROOT = Path(__file__).resolve().parents[3]


def command(module: str) -> list[str]:
    """The words that run a module; more can be added."""
    return [sys.executable, "-P", "-m", module]


def environ() -> dict[str, str]:
    """Our environment, in which the module is found where this botobs is."""
    # A checkout that is not installed would not be found; site-packages must not come before the standard library.
    if _ROOT.name in ("site-packages", "dist-packages"):
        return dict(os.environ)
    path = [str(_ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}


def watch(pid: int) -> bytes:
    """The line that has a reaper end this process, which must not have been waited for yet."""
    # Not in the reaper's own module: what this package imports, `python -m` would run a second time, and say so.
    return f"+{pid} {alive.identity(pid) or '-'}\n".encode()
