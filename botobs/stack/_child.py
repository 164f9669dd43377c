"""Starts a module of ours as a process of its own, whatever the working folder holds.

`python -m` looks into the working folder first: there a package called like ours would be run in its place.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

from .. import _alive
from .errors import StackError

_ROOT = Path(__file__).resolve().parents[2]


def command(module: str) -> list[str]:
    """The words that run a module; more can be added."""
    return [sys.executable, "-P", "-m", module]


def environ(*, demo: bool = False) -> dict[str, str]:
    """Our environment, in which the module is found where this botobs is.

    Args:
        demo: It is one of the demo's.
    """
    # A checkout that is not installed would not be found; site-packages must not come before the standard library.
    if not demo and _ROOT.name in ("site-packages", "dist-packages"):
        return dict(os.environ)
    path = [str(_ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}


def watch(pid: int) -> bytes:
    """The line that has a guardian end this process, which must not have been waited for yet."""
    # Not in the guardian's own module: what this package imports, `python -m` would run a second time, and say so.
    return f"+{pid} {_alive.identity(pid) or '-'}\n".encode()


def require_demo() -> None:
    """Refuse where the demo that belongs to this botobs is not there.

    Raises:
        StackError: It is not, whatever else may be called `demo`.
    """
    if not (_ROOT / "demo" / "__main__.py").is_file() or not _is_our_checkout():
        raise StackError(
            "no stack is running, and the demo is not here to be broken instead",
            "Start a stack with botobs up, or run the drill with the botobs of a checkout.",
        )


def _is_our_checkout() -> bool:
    try:
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(project.get("project", {}).get("name") == "botobs")
