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
_INSTALL = ("pip", "install", "--quiet")
#: uv, where the checkout was set up with it: it needs a tenth of pip's time.
_UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


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
        _run([sys.executable, "-m", "venv", str(folder)])
        if not _UV:
            # The pip that came with Python may be too old to find versions of OpenTelemetry's packages that agree.
            _install(python, "--upgrade", "pip")
        _install(python, *requirements)
        complete.touch()
    _install(python, *(["--reinstall-package", "botobs"] if _UV else []), str(_ROOT))
    return python


def _install(python: Path, *words: str) -> None:
    if _UV:
        _run([_UV, *_INSTALL, "--python", str(python), *words])
    else:
        _run([str(python), "-m", *_INSTALL, "--disable-pip-version-check", "--prefer-binary", *words])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-3:])
        pytest.fail(
            f"`{' '.join(command)}` ended with {done.returncode}: {said}\n"
            "It needs a package index; give pip another one in PIP_INDEX_URL."
        )
