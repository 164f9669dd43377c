"""The tests of the ccxt instrumentations, run against older versions of ccxt.

Each version is installed with the dependencies it pins, once, into `$XDG_CACHE_HOME/botobs/tests/ccxt-VERSION`
(`~/.cache` by default), and stands before the installed one on the path of a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: 4.4.60 is the last whose WebSocket client is three classes and whose throttle is an object; 4.4.100 has neither, and
#: not yet the split of the base class that today's have.
VERSIONS = ("4.4.60", "4.4.100")
_ROOT = Path(__file__).parents[3]
_UNIT = "tests/unit/exchange"
#: Versions whose streams are tested, and which tests. The stream client of 4.4.60 gets nothing from the fake exchange,
#: with botobs or without; until 4.4.100 an error of a handler goes elsewhere than to the loop's exception handler.
_STREAMS = {"4.4.100": "not handler"}


def _installed(version: str) -> Path:
    """The folder that holds ccxt `version`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "botobs" / "tests"
    folder = cache / f"ccxt-{version}"
    if folder.exists():
        return folder
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--prefer-binary", "--target", str(partial)]
    done = subprocess.run([*command, f"ccxt=={version}"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        pytest.fail(
            f"ccxt {version} cannot be installed: {done.stderr.strip().splitlines()[-1:]}. Install it yourself with "
            f"`python -m pip install --target {folder} ccxt=={version}`, or leave this file out with "
            f"`--ignore={Path(__file__).relative_to(_ROOT)}`."
        )
    partial.rename(folder)
    return folder


def _run(version: str, *arguments: str) -> None:
    environment = os.environ | {"PYTHONPATH": f"{_installed(version)}{os.pathsep}{_ROOT}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_older_version_is_what_is_tested(version: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(_installed(version))}
    code = "import ccxt; print(ccxt.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == version


@pytest.mark.parametrize("version", VERSIONS)
def test_requests(version: str) -> None:
    _run(version, f"{_UNIT}/test_ccxt_rest.py")


@pytest.mark.parametrize("version", _STREAMS)
def test_streams(version: str) -> None:
    _run(version, f"{_UNIT}/test_ccxt_ws.py", "-k", _STREAMS[version])
