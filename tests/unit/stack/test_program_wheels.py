"""A wheel with a program, built by the real Go, installed by the real pip, and found."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from botobs._ops.programs import binaries as binaries_module
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.programs.versions import Pin, pins
from deploy.program_wheels import PERMISSIVE, pack

pytestmark = pytest.mark.slow

_MAIN = 'package main\n\nvar version = "none"\n\nfunc main() { println("small, version " + version) }\n'


@pytest.fixture
def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pin:
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module example.test/small\n\ngo 1.21\n")
    (source / "main.go").write_text(_MAIN)
    (source / "LICENSE").write_text("do as you like")
    return Pin("small", "1.2.3", source, "example.test/small", "v1", {"small": "."}, "i", 0.1,
               stamp="main.version", licence="MIT")  # fmt: skip


def test_a_program_comes_with_a_wheel(pin: Pin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = pack(pin, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "botobs_small-1.2.3.dist-info/licenses/example.test/small/LICENSE" in names
    # RECORD is checked by pip.
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(tmp_path),
         "--target", str(tmp_path / "installed"), "--disable-pip-version-check", "botobs-small"],
        check=True,
    )  # fmt: skip
    scripts = tmp_path / "installed" / "bin"
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(scripts))
    monkeypatch.setattr(binaries_module, "pins", lambda: {"small": pin})
    found = Binaries({"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")})
    found.require(["small"], Silent())
    assert found["small"] == scripts / "small"
    assert os.access(found["small"], os.X_OK)
    # One of another version is left alone.
    (pin.source / "main.go").write_text(_MAIN.replace("none", "other"))
    newer = Pin(**{**{name: getattr(pin, name) for name in pin.__dataclass_fields__}, "version": "1.2.4"})
    monkeypatch.setattr(binaries_module, "pins", lambda: {"small": newer})
    assert Binaries({"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")}).lacks(["small"])


def test_what_obliges_whoever_passes_it_on_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="AGPL"):
        pack(pins()["tempo"], tmp_path)
    packed = {name for name, each in pins().items() if each.licence in PERMISSIVE}
    assert packed >= {"collector", "prometheus", "alertmanager", "postgres_exporter"}
    assert not packed & {"tempo", "mimir"}
