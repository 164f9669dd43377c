"""Which process a number means, and who gets a signal."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.errors import StackError
from botobs._ops.home.locks import exclusive, try_exclusive
from botobs._sdk.process import alive


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield running
    running.kill()
    running.wait()


def test_every_process_has_its_own_identity(process: subprocess.Popen[bytes]) -> None:
    who = alive.identity(process.pid)
    assert who is not None
    assert who == alive.identity(process.pid)
    assert who != alive.identity(os.getpid())
    process.kill()
    # It has ended, though nobody has waited for it.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert alive.identity(process.pid) is None
    process.wait()
    assert alive.identity(process.pid) is None


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 2**31, 2**63, 10**400])
def test_what_is_no_process_has_none(pid: int) -> None:
    assert alive.identity(pid) is None
    assert not alive.send(pid, "anybody", signal.SIGKILL)


@pytest.mark.parametrize("handles", [True, False])
def test_a_signal_reaches_the_process_that_is_meant_and_no_other(
    process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, handles: bool
) -> None:
    if not handles:
        # As on macOS, and in sandboxes.
        monkeypatch.setattr(alive, "_handle", lambda _: None)
    who = alive.identity(process.pid)
    assert who is not None
    assert not alive.send(process.pid, f"{who}1", signal.SIGKILL)
    assert process.poll() is None
    assert alive.send(process.pid, who, signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM
    assert not alive.send(process.pid, who, signal.SIGTERM)


def test_a_lock_is_held_as_long_as_its_holder_has_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not alive.locked(path)
    with exclusive(path):
        assert alive.locked(path)
    assert path.exists()
    assert not alive.locked(path)


def test_looking_at_a_lock_keeps_nobody_from_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with exclusive(path):
        pass
    program = Path(__file__).parent / "programs" / "looks_at_a_lock.py"
    looking = subprocess.Popen([sys.executable, program, path], stdout=subprocess.PIPE)
    try:
        assert looking.stdout is not None
        looking.stdout.readline()
        for _ in range(50):
            held = try_exclusive(path)
            assert held is not None
            os.close(held)
    finally:
        looking.kill()
        looking.wait()
        assert looking.stdout is not None
        looking.stdout.close()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def flock(descriptor: int, how: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", flock)
    path = tmp_path / "lock"
    with pytest.raises(StackError, match=r"lock cannot be locked.*\n.*--home"):
        try_exclusive(path)
    with pytest.raises(StackError, match="lock cannot be locked"), exclusive(path):
        pass


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_what_is_no_lock_is_held_by_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "lock"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to("/dev/zero")
    assert not alive.locked(path)
