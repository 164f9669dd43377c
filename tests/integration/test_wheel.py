"""botobs works from an installed wheel, outside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.access import clients
from botobs._ops.home.home import Home
from tests.support import environments
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

_SCRIPT = """
import sqlite3
import botobs

botobs.init("from-a-wheel")
with botobs.span("work"):
    pass
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """An empty folder that PostgreSQL's user could reach too."""
    made = Path(tempfile.mkdtemp(prefix="botobs-wheel-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def installed(folder: Path) -> Path:
    """Folder of the programs of an environment into which the wheel was installed."""
    return environments.of_the_wheel(folder, "stack")


def _run(command: list[str], directory: Path, **environ: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BOTOBS_", "PYTHON"))}
    done = subprocess.run(
        command, cwd=directory, env={**clean, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_light_installation_imports_without_the_stacks_packages(installed: Path, folder: Path) -> None:
    code = (
        "import sys, botobs; botobs.init('x'); "
        "heavy = {'rich', 'httpx', 'cryptography', 'ccxt', 'sqlalchemy', 'asyncpg', 'yaml'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    _run(
        [str(installed / "python"), "-c", code],
        folder,
        BOTOBS_HOME=str(folder / "none"),
        XDG_STATE_HOME=str(folder),
    )


def test_the_demo_comes_with_it(installed: Path, folder: Path) -> None:
    wheel = next(folder.glob("botobs-*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in ("run.py", "schema.sql", "trading_engine/__main__.py", "exchange_simulator/__main__.py"):
        assert f"botobs/_demo/{name}" in names
    environ = {"BOTOBS_HOME": str(folder / "demo"), "XDG_STATE_HOME": str(folder / "state")}
    assert "--bots" in _run([str(installed / "botobs"), "demo", "--help"], folder, **environ)
    # Only the extra `stack` is installed here.
    done = subprocess.run(
        [installed / "botobs", "demo"], cwd=folder, env={**os.environ, **environ},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "botobs: the demo needs Python packages that are not installed: aiohttp, ccxt, sqlalchemy\n"
        "Install them with: pip install 'botobs[demo,stack]'\n"
    )


def test_up_and_a_traced_script(installed: Path, folder: Path) -> None:
    home = folder / "home"
    environ = {"BOTOBS_HOME": str(home), "XDG_STATE_HOME": str(folder / "state")}
    botobs = str(installed / "botobs")
    _run([botobs, "up", "--detach", "--ports", "auto"], folder, **environ)
    try:
        (folder / "script.py").write_text(_SCRIPT, encoding="utf-8")
        _run([str(installed / "python"), "script.py"], folder, **environ)
        tempo = json.loads((home / "stack.json").read_text(encoding="utf-8"))["parts"]["tempo"]["url"]
        with clients.client(Home(home).secrets, tempo) as http:

            def found() -> bool:
                answer = http.get("/api/search", params={"q": '{ resource.service.name = "from-a-wheel" }'})
                return bool(answer.json().get("traces"))

            assert eventually(found)
        assert "from-a-wheel" in _run([botobs, "traces"], folder, COLUMNS="200", **environ)
    finally:
        _run([botobs, "down"], folder, **environ)
