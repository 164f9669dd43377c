"""Which home a command means, what it makes there, and what it says of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from botobs._ops.access import secrets, tokens
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.home import state
from botobs._ops.home.home import Home

READING = (["certs"], ["certs", "renew"], ["token", "list"], ["token", "revoke", "pnl"])
CHANGING = (
    ["certs", "add-host", "metrics.example"], ["certs", "renew"], ["token", "create", "pnl"],
    ["token", "revoke", "trading-engine"],
)  # fmt: skip


pytestmark = pytest.mark.usefixtures("alone")


def _set_up(path: Path) -> Home:
    home = Home(path)
    home.create()
    secrets.ensure(home.secrets)
    tokens.create(home.secrets, "trading-engine")
    return home


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_command_that_only_reads_makes_no_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main([*command, "--home", str(tmp_path / "mistyped")]) == 1
    assert f"no stack has been set up in {tmp_path / 'mistyped'}" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("how", ["argument", "environment"])
@pytest.mark.parametrize("command", CHANGING, ids=" ".join)
def test_the_home_that_was_named_is_changed_and_not_the_one_that_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    how: str,
) -> None:
    demo, mine = _set_up(tmp_path / "demo"), _set_up(tmp_path / "mine")
    state.write(demo, "development", "https://127.0.0.1:4318", {}, publish=True)
    before = _contents(demo.path)
    if how == "environment":
        monkeypatch.setenv("BOTOBS_HOME", str(mine.path))
        arguments = command
    else:
        # An argument wins over the environment, too.
        monkeypatch.setenv("BOTOBS_HOME", str(demo.path))
        arguments = [*command, "--home", str(mine.path)]
    own = _contents(mine.secrets)
    assert main(arguments) == 0
    assert _contents(demo.path) == before
    assert _contents(mine.secrets) != own
    assert str(mine.path) in capsys.readouterr().err
    state.remove(demo)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "command",
    [["certs", "renew"], ["certs", "add-host", "metrics.example"], ["token", "revoke", "trading-engine"]],
    ids=" ".join,
)
def test_at_a_terminal_it_asks_and_says_whose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    home = _set_up(tmp_path / "mine")
    before = _contents(home.secrets)
    for answer in ("\n", "no\n", ""):
        monkeypatch.setattr("sys.stdin", _Terminal(answer))
        assert main([*command, "--home", str(home.path)]) == 1
        said = capsys.readouterr().err
        assert f"the stack in {home.path}" in said and "nothing was changed" in said
    assert _contents(home.secrets) == before
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    assert main([*command, "--home", str(home.path)]) == 0
    changed = _contents(home.secrets)
    assert changed != before
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    assert main(["token", "create", "trading-engine", "--home", str(home.path)]) == 0
    assert main([*command, "--home", str(home.path), "--yes"]) == 0


def test_without_a_name_the_one_that_runs_is_changed_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = _set_up(tmp_path / "demo")
    state.write(demo, "development", "https://127.0.0.1:4318", {}, publish=True)
    assert main(["token", "create", "pnl", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["home"] == str(demo.path)
    state.remove(demo)


def test_a_token_that_cannot_be_handed_out_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = _set_up(tmp_path / "home")
    before = tokens.valid(home.secrets)
    # Such as /dev/stdout is.
    os.mkfifo(tmp_path / "pipe")
    for output in (tmp_path / "none" / "x", tmp_path, tmp_path / "pipe"):
        assert main(["token", "create", "pnl", "--home", str(home.path), "--output", str(output)]) == 1
        assert capsys.readouterr().err.startswith("botobs: ")
    assert tokens.valid(home.secrets) == before
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_compose_obeys_the_home_that_was_named_and_leaves_a_running_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from botobs._ops.home.locks import try_exclusive

    monkeypatch.setenv("BOTOBS_HOME", str(tmp_path / "mine"))
    assert main(["compose"]) == 0
    assert (tmp_path / "mine" / "compose.env").exists()
    assert not (tmp_path / ".botobs").exists()
    lock = try_exclusive(Home(tmp_path / "mine").lock)
    assert lock is not None
    assert main(["compose"]) == 1
    assert "already running" in capsys.readouterr().err
    os.close(lock)


def test_no_package_of_somebody_else_is_run(tmp_path: Path) -> None:
    """The demo of a drill, a reaper or a background stack comes from this installation.

    Neither the working folder nor PYTHONPATH can put another package in its place.
    """
    root = Path(__file__).parents[3]
    for name in ("demo", "_demo", "botobs", "psutil"):
        package = tmp_path / "work" / name
        package.mkdir(parents=True)
        for file in ("__init__.py", "__main__.py"):
            (package / file).write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    foreign = tmp_path / "elsewhere" / "demo"
    foreign.mkdir(parents=True)
    shutil.copy(package / "__init__.py", foreign / "__init__.py")
    shutil.copy(package / "__main__.py", foreign / "__main__.py")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), str(foreign.parent)))}
    subprocess.run(
        [sys.executable, "-P", Path(__file__).parent / "programs" / "starts_modules.py"],
        cwd=tmp_path / "work",
        env=environ,
        check=True,
    )
    assert not (tmp_path / "ran").exists()


def test_a_demo_without_its_libraries_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from botobs._ops.drills import demo_packages, demo_stack
    from botobs._ops.drills.profile import TEST

    monkeypatch.setattr(demo_packages, "find_spec", lambda name: None if name == "ccxt" else object())
    with pytest.raises(StackError, match=r"not installed: ccxt\n.*botobs\[demo,stack\]"):
        demo_stack.DemoStack(TEST)


def test_botobs_demo_without_its_libraries_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from botobs._ops.drills import demo_packages

    monkeypatch.setattr(demo_packages, "find_spec", lambda name: None if name == "ccxt" else object())
    assert main(["demo"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "botobs: the demo needs Python packages that are not installed: ccxt\n"
        "Install them with: pip install 'botobs[demo,stack]'\n"
    )


def test_the_demos_home_is_not_that_of_the_users_stack() -> None:
    assert Home.of_the_demo() != Home.from_environ()
    assert Home.of_the_demo({"BOTOBS_HOME": "/somewhere"}) == Home.from_environ({"BOTOBS_HOME": "/somewhere"})


@pytest.mark.parametrize("name", ["", "  "], ids=["empty", "blank"])
def test_an_empty_name_is_not_the_usual_home(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As of a shell's variable that nobody has set: another stack's secrets would be changed."""
    assert main(["token", "create", "pnl", "--home", name]) == 2
    assert "the name is empty" in capsys.readouterr().err
