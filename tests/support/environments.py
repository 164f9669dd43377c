"""Virtual environments with other releases than the tests' own, kept between runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

#: What tests keep between runs; `~/.cache/botobs/tests` by default.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "botobs" / "tests"

_ROOT = Path(__file__).parents[2]
_INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary")


def environment(name: str, requirements: Sequence[str]) -> Path:
    """The Python of a virtual environment with `requirements` and this checkout's botobs.

    It is kept in `CACHE`, under the name and a hash of the requirements; botobs is installed anew each time.
    """
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    complete = folder / ".complete"
    python = folder / "bin" / "python"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run(Path(sys.executable), ("-m", "venv", str(folder)))
        # The pip that came with Python may be too old to find versions of OpenTelemetry's packages that agree.
        _run(python, (*_INSTALL, "--upgrade", "pip"))
        _run(python, (*_INSTALL, *requirements))
        complete.touch()
    _run(python, (*_INSTALL, str(_ROOT)))
    return python


def _run(python: Path, arguments: Sequence[str]) -> None:
    command = [str(python), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-3:])
        pytest.fail(
            f"`{' '.join(command)}` ended with {done.returncode}: {said}\n"
            "It needs a package index; give pip another one in PIP_INDEX_URL."
        )
