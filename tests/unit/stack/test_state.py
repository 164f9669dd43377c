"""What runs, as commands find it: never a process that only has the number of one that ran."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.home import state
from botobs._ops.home.home import Home
from botobs._ops.home.locks import exclusive, try_exclusive
from botobs._ops.settings import file
from botobs._sdk.settings import find_stack
from tests.support.published import leave, state_of

#: Commands that ask a running stack.
ASKING = (
    ["status"], ["down"], ["ledger"], ["traces"], ["report", "-o", "page.html"], ["backfill", "blocks"],
)  # fmt: skip


pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of ours."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def _home(path: Path) -> Home:
    home = Home(path)
    home.create()
    return home


def _write(home: Home, publish: bool = True) -> None:
    state.write(home, "development", "https://127.0.0.1:4318", {"collector": "https://127.0.0.1:1"}, publish)


def test_down_leaves_a_process_alone_that_took_the_number_of_a_killed_stack(
    tmp_path: Path, stranger: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    home = _home(tmp_path / "home")
    for content in (
        state_of(home.path, pid=stranger.pid),
        # As botobs before start times wrote it.
        {name: value for name, value in state_of(home.path, pid=stranger.pid).items() if name != "started"},
    ):
        leave(home.state, content)
        assert main(["down", "--home", str(home.path)]) == 1
        said = capsys.readouterr().err
        assert f"its process {stranger.pid}" in said
        assert stranger.poll() is None


def test_down_leaves_a_process_alone_whose_stack_is_another_homes(
    tmp_path: Path, stranger: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    from botobs._sdk.process.alive import identity

    # A home that was copied while its stack ran.
    copy = _home(tmp_path / "copy")
    content = state_of(tmp_path / "home", pid=stranger.pid, started=identity(stranger.pid))
    leave(copy.state, content)
    lock = try_exclusive(copy.lock)
    assert main(["down", "--home", str(copy.path)]) == 1
    assert str(tmp_path / "home") in capsys.readouterr().err
    assert stranger.poll() is None
    assert lock is not None
    os.close(lock)


def _has_a_stack(home: Home, how: str) -> subprocess.Popen[str]:
    """A process that stands in for the supervisor of the stack in `home`."""
    program = Path(__file__).parent / "programs" / "has_a_stack.py"
    return subprocess.Popen([sys.executable, program, home.path, how], stdout=subprocess.PIPE, text=True)


def test_a_home_that_was_renamed_while_its_stack_runs_is_found_and_stopped(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    supervisor = _has_a_stack(home, "unpublished")
    assert supervisor.stdout is not None and supervisor.stdout.readline() == "ready\n"
    copy, renamed = tmp_path / "copy", tmp_path / "renamed"
    shutil.copytree(home.path, copy, ignore=shutil.ignore_patterns("*.sock"))
    home.path.rename(renamed)
    assert state.require(Home(renamed)).renamed_from == home.path
    assert main(["down", "--home", str(copy)]) == 1
    assert supervisor.poll() is None
    assert main(["down", "--home", str(renamed)]) == 0
    assert supervisor.wait() == 7
    supervisor.stdout.close()


def test_down_stops_the_process_that_wrote_the_file(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    process = _has_a_stack(home, "published")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # Nobody reaps it meanwhile: a process that has ended and waits for that has stopped all the same.
        assert main(["down"]) == 0
        assert process.wait(60) == 7
        assert not home.state.exists()
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


UNUSABLE: dict[str, Any] = {
    "cut": '{"version": 1, "pid": 12',
    "empty": "",
    "binary": "\x00\x01\x02",
    "foreign": '{"version": 2}',
    "a list": "[]",
    "a number": "7",
    "deeply nested": "[" * 100_000,
    "huge pid": {"pid": 10**400},
    "beyond the system's": {"pid": 2**40},
    "pid is true": {"pid": True},
    "pid is text": {"pid": "12"},
    "negative pid": {"pid": -1},
    "no pid": {"pid": 0},
    "parts are a list": {"parts": []},
    "a part without address": {"parts": {"tempo": {}}},
    "a part that is text": {"parts": {"tempo": "https://127.0.0.1:1"}},
    "an address that is none": {"parts": {"tempo": {"url": "https://[::1"}}},
    "an address with a line's end": {"parts": {"tempo": {"url": "https://127.0.0.1:1\n"}}},
    "an address with a port beyond all": {"parts": {"tempo": {"url": "https://127.0.0.1:99999"}}},
    "home is a number": {"home": 3},
    "home with a zero": {"home": "/a\0b"},
    "otlp is a list": {"otlp": []},
    "certificate is a number": {"otlp": {"endpoint": "https://127.0.0.1:1", "certificate": 3}},
    "environment is a list": {"environment": []},
    "started is a number": {"started": 3},
}


#: All that can be wrong for the command that looks and the one that sends a signal; a little of it for the others.
_UNUSABLE_FOR = [
    pytest.param(command, what, id=f"{command[0]}-{what}")
    for command in ASKING
    for what in (UNUSABLE if command[0] in ("status", "down") else ("cut", "a part without address"))
]


@pytest.mark.parametrize(("command", "what"), _UNUSABLE_FOR)
def test_a_file_that_is_none_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], what: str
) -> None:
    home = _home(tmp_path / "home")
    raw = UNUSABLE[what]
    content = raw if isinstance(raw, str) else json.dumps({**state_of(home.path), **raw})
    leave(home.state, content)
    assert main([*command, "--home", str(home.path)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("botobs: ")
    assert str(home.path) in said.err
    assert "Traceback" not in said.err
    assert find_stack({"BOTOBS_HOME": str(home.path)}) is None


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to nowhere", "device"])
def test_what_is_no_file_is_one_sentence_and_blocks_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    home = _home(tmp_path / "home")
    match kind:
        case "fifo":
            os.mkfifo(home.state, 0o600)
        case "folder":
            home.state.mkdir()
        case "device":
            home.state.symlink_to("/dev/zero")
        case _:
            home.state.symlink_to(tmp_path / "nowhere")
    assert find_stack({"BOTOBS_HOME": str(home.path)}) is None
    assert main(["status", "--home", str(home.path)]) == 1
    assert capsys.readouterr().err.startswith("botobs: ")


def test_the_lock_says_whether_a_file_that_cannot_be_read_is_of_a_running_stack(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    home.state.write_text("{")
    home.state.chmod(0o600)
    with pytest.raises(StackError, match="No stack runs there: delete "):
        state.require(home)
    with exclusive(home.lock), pytest.raises(StackError, match=f"A stack runs there: .*{home.lock}"):
        state.require(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_file_is_not_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = _home(tmp_path / "home")
    leave(home.state, state_of(home.path))
    os.chown(home.state, 12345, 12345)
    assert main(["down", "--home", str(home.path)]) == 1
    assert "another user" in capsys.readouterr().err
    assert find_stack({"BOTOBS_HOME": str(home.path)}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_where_another_user_may_not_enter_the_owner_is_named(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    leave(home.state, state_of(home.path))
    file.write(home, {"BOTOBS_ENVIRONMENT": "staging"})
    os.seteuid(12345)
    try:
        with pytest.raises(StackError, match="Permission denied\nRun the command as its owner: sudo -u root"):
            state.require(home)
        with pytest.raises(StackError, match="Permission denied\nRun the command as its owner"):
            file.read(home)
    finally:
        os.seteuid(0)


def test_a_stack_that_others_can_read_of_is_not_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = _home(tmp_path / "home")
    leave(home.state, state_of(home.path), mode=0o644)
    assert main(["status", "--home", str(home.path)]) == 1
    assert "0644" in capsys.readouterr().err


def test_the_home_that_was_named_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--home", str(tmp_path / "mistyped")]) == 1
    assert f"no stack is running in {tmp_path / 'mistyped'}" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()


def test_what_a_killed_stack_has_left_is_no_obstacle(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    os.mkfifo(home.state)
    state.clear(home)
    _write(home, publish=False)
    state.remove(home)
    home.state.mkdir()
    with pytest.raises(StackError, match=r"stack\.json is in the way"):
        state.clear(home)


def test_a_published_file_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = leave(tmp_path / "state" / "botobs" / "stack.json", "{")
    for command in (["status"], ["down"]):
        assert main(command) == 1
        assert capsys.readouterr().err.startswith(f"botobs: {published} is damaged")
    main(["doctor", "--patience", "0"])
    assert f"{published} is damaged" in capsys.readouterr().out


class TestSeveral:
    """Stacks of one user side by side, in processes of their own as far as the files tell."""

    def test_the_first_keeps_being_found(self, tmp_path: Path) -> None:
        first, second = _home(tmp_path / "first"), _home(tmp_path / "second")
        _write(first)
        _write(second)
        assert state.require().home == first
        found = find_stack(os.environ)
        assert found is not None
        assert found.home == first.path
        state.remove(second)
        assert state.require().home == first

    def test_the_next_is_found_when_the_first_goes(self, tmp_path: Path) -> None:
        first, second = _home(tmp_path / "first"), _home(tmp_path / "second")
        _write(first)
        _write(second)
        state.remove(first)
        assert state.require().home == second
        # Where services with an older botobs look.
        published = json.loads((tmp_path / "state" / "botobs" / "stack.json").read_text(encoding="utf-8"))
        assert published["home"] == str(second.path)
        state.remove(second)
        assert state.find() is None
        assert not list((tmp_path / "state").rglob("*.json"))

    def test_the_first_is_found_again_though_an_older_botobs_took_its_place(self, tmp_path: Path) -> None:
        first = _home(tmp_path / "first")
        _write(first)
        published = tmp_path / "state" / "botobs" / "stack.json"
        # It overwrote the file when it started, and removed it when it stopped.
        published.unlink()
        assert state.require().home == first
        found = find_stack(os.environ)
        assert found is not None
        assert found.home == first.path

    def test_a_killed_ones_place_is_taken(self, tmp_path: Path) -> None:
        killed = _home(tmp_path / "killed")
        leave(tmp_path / "state" / "botobs" / "stack.json", state_of(killed.path, started="long ago"))
        second = _home(tmp_path / "second")
        _write(second)
        published = json.loads((tmp_path / "state" / "botobs" / "stack.json").read_text(encoding="utf-8"))
        assert published["home"] == str(second.path)

    def test_one_that_is_not_published_is_found_by_its_home_alone(self, tmp_path: Path) -> None:
        first, hidden = _home(tmp_path / "first"), _home(tmp_path / "hidden")
        _write(first)
        _write(hidden, publish=False)
        assert state.require().home == first
        assert state.require(hidden).home == hidden

    def test_a_named_home_wins_over_what_runs_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _write(_home(tmp_path / "first"))
        monkeypatch.setenv("BOTOBS_HOME", str(tmp_path / "mine"))
        assert state.find() is None
        assert find_stack(os.environ) is None
        with pytest.raises(StackError, match=f"no stack is running in {tmp_path / 'mine'}"):
            state.require()

    def test_down_stops_none_of_several_unless_one_is_named(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first, second = _home(tmp_path / "first"), _home(tmp_path / "second")
        _write(first)
        _write(second)
        assert main(["down"]) == 1
        said = capsys.readouterr().err
        assert str(first.path) in said
        assert str(second.path) in said
        assert "--home" in said

    def test_a_home_that_is_no_place_to_publish_only_costs_being_found(self, tmp_path: Path) -> None:
        home = _home(tmp_path / "home")
        (tmp_path / "state").write_text("a file where a folder should be", encoding="utf-8")
        notice = state.write(home, "development", "https://127.0.0.1:4318", {}, publish=True)
        assert str(tmp_path / "state") in notice
        assert state.require(home).home == home
        state.remove(home)
