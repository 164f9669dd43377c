"""Taking parts of a running stack away for a time, from outside."""

from __future__ import annotations

import asyncio
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from botobs._ops.errors import StackError
from botobs._ops.processes.control import ControlServer, ask
from botobs._ops.processes.process import Process, State
from botobs._ops.processes.supervisor import Supervisor
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.slow


async def _at_once() -> bool:
    return True


@asynccontextmanager
async def _running(
    logs: Path, program: str = "import time; time.sleep(600)"
) -> AsyncIterator[tuple[Supervisor, Path]]:
    supervisor = Supervisor([Process("a", [sys.executable, "-c", program], _at_once)], logs)
    await supervisor.start()
    # A socket's path may be 108 bytes long at most, and pytest's folders are deep.
    with tempfile.TemporaryDirectory() as folder:
        server = ControlServer(Path(folder) / "c.sock", supervisor)
        await server.start()
        try:
            yield supervisor, Path(folder) / "c.sock"
        finally:
            await server.stop()
            await supervisor.stop()


async def _ask(path: Path, do: str, part: str = "a", seconds: float | None = None) -> None:
    await asyncio.to_thread(ask, path, do, part, seconds)


def _state(supervisor: Supervisor) -> State:
    # What is asserted of an attribute, mypy would take for granted from there on.
    return supervisor.status["a"].state


@pytest.mark.asyncio
async def test_a_held_part_comes_back_when_its_time_is_over(tmp_path: Path) -> None:
    async with _running(tmp_path) as (supervisor, path):
        await _ask(path, "hold", seconds=0.3)
        assert supervisor.status["a"].state is State.STOPPED
        await eventually_async(lambda: supervisor.status["a"].state is State.READY)


@pytest.mark.asyncio
async def test_a_part_that_crashes_has_no_time_to_end_in_good_order(tmp_path: Path) -> None:
    async with _running(tmp_path) as (supervisor, path):
        process = psutil.Process(supervisor.status["a"].pid)
        process.suspend()
        # A stopped process would take no signal but this one.
        await _ask(path, "crash", seconds=600)
        assert not process.is_running()
        assert _state(supervisor) is State.STOPPED
        await _ask(path, "release")
        assert _state(supervisor) is State.READY


@pytest.mark.asyncio
async def test_a_part_that_is_held_has_not_fallen(tmp_path: Path) -> None:
    async with _running(tmp_path) as (supervisor, path):
        fallen = asyncio.create_task(supervisor.wait())
        await _ask(path, "hold", seconds=600)
        await _ask(path, "release")
        assert not fallen.done()
        fallen.cancel()


@pytest.mark.asyncio
async def test_a_lease_can_be_ended_early(tmp_path: Path) -> None:
    async with _running(tmp_path) as (supervisor, path):
        await _ask(path, "hold", seconds=600)
        await _ask(path, "release")
        assert supervisor.status["a"].state is State.READY


@pytest.mark.asyncio
async def test_a_frozen_part_thaws(tmp_path: Path) -> None:
    async with _running(tmp_path) as (supervisor, path):
        process = psutil.Process(supervisor.status["a"].pid)
        await _ask(path, "freeze", seconds=3)
        # It stops when it is next scheduled.
        await eventually_async(lambda: process.status() == psutil.STATUS_STOPPED)
        await eventually_async(lambda: process.status() != psutil.STATUS_STOPPED)
        assert supervisor.status["a"].restarts == 0


@pytest.mark.asyncio
async def test_what_a_frozen_part_has_started_is_frozen_with_it(tmp_path: Path) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    async with _running(tmp_path, child) as (supervisor, path):
        parent = psutil.Process(supervisor.status["a"].pid)
        await eventually_async(lambda: bool(parent.children()))
        [process] = parent.children()
        await _ask(path, "freeze", seconds=600)
        await eventually_async(lambda: process.status() == psutil.STATUS_STOPPED)
        await _ask(path, "release")
        await eventually_async(lambda: process.status() != psutil.STATUS_STOPPED)
        process.kill()


@pytest.mark.asyncio
async def test_a_killed_part_is_started_again(tmp_path: Path) -> None:
    async with _running(tmp_path) as (supervisor, path):
        await _ask(path, "kill")
        await eventually_async(
            lambda: supervisor.status["a"].restarts == 1 and supervisor.status["a"].state is State.READY
        )


@pytest.mark.parametrize(
    ("do", "part", "seconds", "says"),
    [
        ("hold", "b", 1.0, "no process 'b' runs here; there are a"),
        ("hold", "a", 0.0, "not for 0 s"),
        ("hold", "a", 1e9, "up to 3600 s"),
        ("eat", "a", None, "cannot 'eat' a process"),
    ],
)
@pytest.mark.asyncio
async def test_what_makes_no_sense_is_refused(
    tmp_path: Path, do: str, part: str, seconds: float | None, says: str
) -> None:
    async with _running(tmp_path) as (supervisor, path):
        with pytest.raises(StackError, match=says):
            await _ask(path, do, part, seconds)
        assert supervisor.status["a"].state is State.READY


@pytest.mark.asyncio
@pytest.mark.parametrize("do", ["hold", "crash", "kill"])
async def test_what_could_not_start_again_in_a_home_that_was_moved_is_not_stopped(
    do: str, tmp_path: Path
) -> None:
    async with _running(tmp_path) as (supervisor, path):
        moved = path.parent / "moved"
        path.rename(moved)
        with pytest.raises(StackError, match="botobs down, then botobs up"):
            await _ask(moved, do, seconds=1)
        assert _state(supervisor) is State.READY


@pytest.mark.asyncio
async def test_only_its_owner_can_connect(tmp_path: Path) -> None:
    async with _running(tmp_path) as (_, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_stack_that_does_not_run_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="Is it running"):
        ask(tmp_path / "nothing.sock", "kill", "a")


@pytest.mark.asyncio
async def test_a_home_with_a_long_name_has_its_socket_inside(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    supervisor = Supervisor(
        [Process("a", [sys.executable, "-c", "import time; time.sleep(600)"], _at_once)], tmp_path
    )
    server = ControlServer(folder / "control.sock", supervisor)
    await server.start()
    try:
        assert stat.S_ISSOCK((folder / "control.sock").stat().st_mode)
        assert stat.S_IMODE((folder / "control.sock").stat().st_mode) == 0o600
        with pytest.raises(StackError, match="no process 'b' runs here"):
            await _ask(folder / "control.sock", "kill", "b")
    finally:
        await server.stop()
    assert not (folder / "control.sock").exists()


@pytest.mark.parametrize("do", ["freeze", "kill"])
@pytest.mark.asyncio
async def test_a_part_that_has_fallen_leaves_its_number_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, do: str
) -> None:
    """The supervisor waits before it starts a process again; meanwhile the number can be anybody's."""
    from botobs._ops.processes import supervisor as module

    monkeypatch.setattr(module, "FIRST_RESTART", 600.0)
    monkeypatch.setattr(module, "LAST_RESTART", 600.0)
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    try:
        async with _running(tmp_path) as (supervisor, path):
            psutil.Process(supervisor.status["a"].pid).kill()
            await eventually_async(lambda: supervisor.status["a"].state is State.RESTARTING)
            # Its number is given to the stranger.
            monkeypatch.setattr(supervisor._running["a"], "pid", stranger.pid)
            if do == "freeze":
                await _ask(path, "freeze", seconds=600)
            else:
                with pytest.raises(StackError, match="does not run at the moment"):
                    await _ask(path, "kill")
            assert psutil.Process(stranger.pid).status() != psutil.STATUS_STOPPED
            assert stranger.returncode is None
            await _ask(path, "release")
    finally:
        stranger.kill()
        await stranger.wait()
