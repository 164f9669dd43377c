"""A program in one file, with all that it imports, is watched like another one; so is a compiled or isolated one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from testbed.otlp_receiver import receiving
from tests.support.environments import environment

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).parent / "programs" / "packed.py"
#: Seconds; a compiler reads every module.
PATIENCE = 900
_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")

#: Makes an archive: gets the environment's Python, the wheel, the folder of all modules, and where to work.
Make = Callable[[Path, Path, Path, Path], Sequence[str | Path]]


def _run(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _zipapp(python: Path, wheel: Path, modules: Path, work: Path) -> list[str | Path]:
    _run([sys.executable, "-m", "zipapp", modules, "-m", "packed:main", "-o", work / "packed.pyz"], work)
    # Isolated: nothing of the environment's may stand in for what is in the archive.
    return [sys.executable, "-S", "-I", work / "packed.pyz"]


def _shiv(python: Path, wheel: Path, modules: Path, work: Path) -> list[str | Path]:
    file = work / "packed.pyz"
    _run([python, "-m", "shiv", "-e", "packed:main", "-o", file, "--site-packages", modules], work)
    return [sys.executable, file]


def _pex(python: Path, wheel: Path, modules: Path, work: Path) -> list[str | Path]:
    source = work / "source"
    source.mkdir()
    shutil.copy(modules / "packed.py", source)
    resolver = ("--resolver-version", "pip-2020-resolver", "--constraints", work / "versions.txt")
    _run(
        [python, "-m", "pex", wheel, "requests", *resolver, "-D", source, "-m", "packed", "-o", "packed.pex"],
        work,
    )
    return [sys.executable, work / "packed.pex"]


def _nuitka(python: Path, wheel: Path, modules: Path, work: Path) -> list[str | Path]:
    """The program is compiled; what it imports stays in the environment."""
    _run([python, "-m", "nuitka", "--nofollow-imports", modules / "packed.py"], work)
    return [work / "packed.bin"]


def _isolated(python: Path, wheel: Path, modules: Path, work: Path) -> list[str | Path]:
    return [python, "-I", modules / "packed.py"]


WAYS: dict[str, Make] = {
    "zipapp": _zipapp,
    "shiv": _shiv,
    "pex": _pex,
    "nuitka": _nuitka,
    "isolated": _isolated,
}


@pytest.fixture(scope="module")
def python() -> Path:
    """With what makes archives."""
    return environment("archives", ["shiv>=1.0.8", "pex>=2.20", "nuitka>=2.5", "requests>=2.31"])


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lock's versions, without the hashes: our own wheel has none there."""
    file = tmp_path_factory.mktemp("versions") / "versions.txt"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    file.write_text(re.sub(r" \\\n +--hash=\S+", "", lock), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """botobs as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, *_PIP, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], ROOT)
    return next(folder.glob("botobs-*.whl"))


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory, wheel: Path, versions: Path) -> Path:
    """The program, and all that it imports, in one folder."""
    folder = tmp_path_factory.mktemp("modules")
    install = [
        sys.executable,
        *_PIP,
        "install",
        "--constraint",
        versions,
        "--target",
        folder,
        wheel,
        "requests",
    ]
    _run(install, folder)
    shutil.copy(PROGRAM, folder)
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_a_program_in_one_file(
    way: str, python: Path, wheel: Path, modules: Path, versions: Path, tmp_path: Path
) -> None:
    shutil.copy(versions, tmp_path)
    command = WAYS[way](python, wheel, modules, tmp_path)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BOTOBS_", "PYTHON"))}
    with receiving() as receiver:
        done = subprocess.run(
            command,
            env=clean | {"BOTOBS_ENDPOINT": receiver.endpoint, "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stdout) == (0, "[]\nbinance\n"), done.stderr
    assert {"GET", "order", "order submit"} <= {span.name for span in receiver.spans}
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0
