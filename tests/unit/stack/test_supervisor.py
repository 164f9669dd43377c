"""The supervisor, with small programs as parts."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from botobs._ops.errors import StackError
from botobs._ops.processes import child
from botobs._ops.processes.child import watch
from botobs._ops.processes.process import Process, State
from botobs._ops.processes.supervisor import Supervisor
from tests.support.waiting import eventually, eventually_async

pytestmark = pytest.mark.slow

_SLEEP = "import time\ntime.sleep(600)"
_PROGRAMS = Path(__file__).parent / "programs"


async def _at_once() -> bool:
    return True


def _part(name: str, code: str = _SLEEP, **options: object) -> Process:
    return Process(name, [sys.executable, "-c", code], **{"ready": _at_once, **options})  # type: ignore[arg-type]


def _state(supervisor: Supervisor, name: str) -> State:
    # What is asserted of an attribute, mypy would take for granted from there on.
    return supervisor.status[name].state


def _exists(path: Path) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return path.exists()

    return check


@pytest.mark.asyncio
async def test_parts_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    changes: list[tuple[str, State]] = []
    parts = [_part("top", after=("middle",)), _part("middle", after=("base",)), _part("base")]
    supervisor = Supervisor(parts, tmp_path, lambda name, status: changes.append((name, status.state)))
    await supervisor.start()
    pids = [status.pid for status in supervisor.status.values()]
    await supervisor.stop()
    assert [name for name, state in changes if state is State.READY] == ["base", "middle", "top"]
    assert [name for name, state in changes if state is State.STOPPED] == ["top", "middle", "base"]
    assert not [pid for pid in pids if pid and psutil.pid_exists(pid)]


@pytest.mark.asyncio
async def test_a_part_that_ends_at_once_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    part = _part("broken", "import sys\nsys.exit('no such setting: colour')", ready=never)
    supervisor = Supervisor([part, _part("other")], tmp_path)
    with pytest.raises(StackError, match="broken ended with exit code 1 before it was ready") as raised:
        await supervisor.start()
    await supervisor.stop()
    assert "no such setting: colour" in str(raised.value)
    assert str(tmp_path / "broken.log") in str(raised.value)


@pytest.mark.asyncio
async def test_a_part_that_is_never_ready_is_reported(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    supervisor = Supervisor([_part("slow", ready=never, start_budget=0.3)], tmp_path)
    with pytest.raises(StackError, match=r"slow was not ready within 0\.3 s"):
        await supervisor.start()
    pid = supervisor.status["slow"].pid
    await supervisor.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid)


@pytest.mark.asyncio
async def test_a_part_that_falls_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor([_part("a")], tmp_path)
    await supervisor.start()
    first = supervisor.status["a"].pid
    await supervisor.kill("a")
    await eventually_async(
        lambda: supervisor.status["a"].restarts == 1 and supervisor.status["a"].state is State.READY
    )
    assert supervisor.status["a"].pid != first
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_part_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "ignoring"
    command = [sys.executable, str(_PROGRAMS / "stubborn.py"), str(mark)]
    part = Process("stubborn", command, ready=_exists(mark), stop_budget=0.3)
    supervisor = Supervisor([part], tmp_path)
    await supervisor.start()
    pid = supervisor.status["stubborn"].pid
    await supervisor.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid)


@pytest.mark.asyncio
async def test_a_held_part_stays_stopped_until_it_is_resumed(tmp_path: Path) -> None:
    supervisor = Supervisor([_part("a"), _part("b")], tmp_path)
    await supervisor.start()
    await supervisor.hold("a")
    assert _state(supervisor, "a") is State.STOPPED
    assert _state(supervisor, "b") is State.READY
    await supervisor.resume("a")
    assert _state(supervisor, "a") is State.READY
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    part = Process("ghost", [str(tmp_path / "nothing")], ready=_at_once)
    supervisor = Supervisor([part], tmp_path)
    with pytest.raises(StackError, match="ghost cannot be started"):
        await supervisor.start()
    await supervisor.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP], ids=lambda number: number.name)
def test_parts_end_when_their_supervisor_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    pids = tmp_path / "pids"
    process = subprocess.Popen([sys.executable, _PROGRAMS / "supervises.py", tmp_path])
    try:
        eventually(pids.exists)
        parts = [psutil.Process(int(text)) for text in pids.read_text(encoding="utf-8").split()]
        eventually(lambda: all(part.children() for part in parts))
        family = [*parts, *(child for part in parts for child in part.children())]
        assert len(family) == 4
        process.send_signal(number)
        process.wait(20)
        _, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []
    finally:
        process.kill()
        process.wait()


def test_a_guardian_ends_no_process_that_only_has_the_number() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", _SLEEP])
    ours = subprocess.Popen([sys.executable, "-c", _SLEEP])
    reaper = subprocess.Popen(
        child.command("botobs._ops.processes.reaper"),
        env=child.environ(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        # The last line is cut: its supervisor was killed while it wrote.
        lines = f"+{stranger.pid} of one before\n".encode() + watch(ours.pid) + b"+"
        # A process that ended counts as alive until its parent has waited for it.
        threading.Thread(target=ours.wait, daemon=True).start()
        _, errors = reaper.communicate(lines, timeout=60)
        assert errors == b"", "its words would stand in the midst of those of `botobs up`"
        assert ours.wait(60) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (stranger, ours, reaper):
            process.kill()
            process.wait()
