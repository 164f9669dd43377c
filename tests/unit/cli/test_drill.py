"""What `botobs drill` says before anything is broken."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from botobs._ops.cli import main
from botobs._ops.drills.catalogue import DRILLS
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.errors import StackError
from botobs._ops.home import locks, state
from botobs._ops.home.home import Home
from botobs._ops.programs.binaries import Binaries


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home of a stack of production, with nothing in it but the collector, said to run in this process."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    home = Home(tmp_path / "home")
    home.create()
    parts = {"collector": "https://127.0.0.1:1"}
    state.write(home, "production", "https://127.0.0.1:1", parts, publish=False)
    assert state.require(home).pid == os.getpid()
    return home


def test_without_a_name_drills_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill"]) == 0
    listed = capsys.readouterr().out
    assert all(drill.name in listed for drill in DRILLS)


def test_the_list_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [drill["drill"] for drill in listed] == [drill.name for drill in DRILLS]
    assert all(drill["production_seconds"]["typical"] > 0 for drill in listed)


def test_an_unknown_drill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "earthquake"]) == 1
    said = capsys.readouterr().err
    assert "there is no drill earthquake" in said
    assert "database-down" in said


def test_production_is_not_broken_by_accident(running: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "collector-down", "--home", str(running.path)]) == 1
    said = capsys.readouterr().err
    assert "production" in said
    assert "--allow-production" in said


@pytest.mark.parametrize(("flag", "layout"), [("--cluster", ["--profile", "cluster"]), ("--demo", [])])
def test_the_demo_is_broken_instead_of_a_running_stack(
    running: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flag: str,
    layout: list[str],
) -> None:
    stages: list[DemoStack] = []

    def no_room(demo: DemoStack) -> None:
        stages.append(demo)
        raise StackError("there is no room on this machine")

    monkeypatch.setattr(Binaries, "require", lambda *_: None)
    monkeypatch.setattr(DemoStack, "_start", no_room)
    assert main(["drill", "collector-down", "--home", str(running.path), flag]) == 1
    assert "there is no room" in capsys.readouterr().err
    (demo,) = stages
    assert demo._layout == layout
    assert not demo.home.path.parent.exists()


def test_without_its_programs_no_demo_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would trade on its embedded store, which alerts nobody, and the drill would wait in vain."""
    (tmp_path / "empty").mkdir()
    for name in ("PATH", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    monkeypatch.setattr(DemoStack, "_start", lambda _: pytest.fail("it was started"))
    assert main(["drill", "collector-down", "--demo"]) == 1
    assert "must be built" in capsys.readouterr().err


def test_two_drills_do_not_break_one_stack(running: Home, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["drill", "collector-down", "--home", str(running.path), "--allow-production"]
    with locks.exclusive(running.path / "drill.lock"):
        assert main(words) == 1
    assert "another drill breaks the stack" in capsys.readouterr().err
    assert main(words) == 1
    assert "cannot be asked" in capsys.readouterr().err


def test_a_drill_whose_parts_do_not_run_is_refused(running: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "database-down", "--home", str(running.path), "--allow-production"]) == 1
    assert "needs postgres, postgres_exporter" in capsys.readouterr().err
