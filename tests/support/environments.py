"""Virtual environments with other releases than the tests' own, kept between runs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

#: What tests keep between runs; `~/.cache/botobs/tests` by default.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "botobs" / "tests"

_ROOT = Path(__file__).parents[2]
_INSTALL = ("pip", "install", "--quiet")
#: uv, where the checkout was set up with it: it needs a tenth of pip's time.
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


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
        if not UV:
            # The pip that came with Python may be too old to find versions of OpenTelemetry's packages that agree.
            _install(python, "--upgrade", "pip")
        _install(python, *requirements)
        complete.touch()
    _install(python, *(["--reinstall-package", "botobs"] if UV else []), str(_ROOT))
    return python


def of_the_wheel(folder: Path, extras: str, *requirements: str) -> Path:
    """Folder of the programs of an environment in which only botobs' own wheel, by pip, has been installed.

    Args:
        folder: Where the wheel and the environment are made.
        extras: Of botobs.
        requirements: What else pip is told, such as `--find-links`.
    """
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(_ROOT)])
    wheel = next(folder.glob("botobs-*.whl"))
    venv.create(folder / "env", with_pip=True)
    # The versions of the lock file, so that a release of somebody else's cannot fail a test; without its hashes, since
    # our own wheel has none there.
    versions = folder / "versions.txt"
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions.write_text(re.sub(r" \\\n +--hash=\S+", "", lock), encoding="utf-8")
    scripts = folder / "env" / "bin"
    _run(
        [
            str(scripts / "python"),
            "-m",
            *_INSTALL,
            "--constraint",
            str(versions),
            f"{wheel}[{extras}]",
            *requirements,
        ]
    )
    return scripts


def _install(python: Path, *words: str) -> None:
    if UV:
        _run([UV, *_INSTALL, "--python", str(python), *words])
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
