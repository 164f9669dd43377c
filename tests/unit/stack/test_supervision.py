"""Parts that stand still or never become ready: told, started again, and never in the way of the others."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from botobs._ops.processes import reaping
from botobs._ops.processes import supervisor as module
from botobs._ops.processes.process import Process, State
from botobs._ops.processes.pulse import Pulse, Vitals, host
from botobs._ops.processes.supervisor import Supervisor
from botobs._ops.processes.waiting import stop_on_signals
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.slow

_SLEEP = "import time\ntime.sleep(600)"
_BEATS = str(Path(__file__).parent / "programs" / "beats.py")


def _beats(file: Path) -> Callable[[], Awaitable[bool]]:
    last = [""]

    async def look() -> bool:
        now = file.read_text() if file.exists() else ""
        last[0], moved = now, bool(now) and now != last[0]
        return moved

    return look


def _idle_host() -> tuple[float, float]:
    return time.monotonic(), time.monotonic()


async def _never() -> bool:
    return False


async def _always() -> bool:
    return True


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.1)
    monkeypatch.setattr(module, "Pulse", partial(Pulse, silence=0.3, host=_idle_host))
    monkeypatch.setattr(module, "FIRST_RESTART", 0.01)


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_a_part_that_stands_still_is_started_again_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    beating = Process("beats", [sys.executable, _BEATS, str(file)], ready=_beats(file))
    other = Process("other", [sys.executable, "-c", _SLEEP], ready=_always)
    supervisor = Supervisor([beating, other], tmp_path)
    await supervisor.start()
    pid, untouched = supervisor.status["beats"].pid, supervisor.status["other"].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await eventually_async(
        lambda: supervisor.status["beats"].restarts == 1 and supervisor.status["beats"].state is State.READY
    )
    assert supervisor.status["beats"].pid != pid and not psutil.pid_exists(pid)
    assert (supervisor.status["other"].pid, supervisor.status["other"].restarts) == (untouched, 0)
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_a_part_that_a_drill_has_frozen_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    beating = Process("beats", [sys.executable, _BEATS, str(file)], ready=_beats(file))
    supervisor = Supervisor([beating], tmp_path)
    await supervisor.start()
    await supervisor.freeze("beats")
    pid = supervisor.status["beats"].pid
    waited = 0

    async def long_enough() -> bool:
        nonlocal waited
        waited += 1
        return waited > 8

    await eventually_async(long_enough, every=0.1)
    assert (supervisor.status["beats"].pid, supervisor.status["beats"].restarts) == (pid, 0)
    await supervisor.thaw("beats")
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("code", [_SLEEP, "raise SystemExit(3)"], ids=["never ready", "ends at once"])
async def test_a_part_that_is_never_ready_keeps_nobody_from_starting(tmp_path: Path, code: str) -> None:
    """As after a loss of power, when a store has much to read or a disk is not mounted."""
    changes: list[State] = []
    bad = Process("bad", [sys.executable, "-c", code], ready=_never, start_budget=0.2)
    top = Process("top", [sys.executable, "-c", _SLEEP], ready=_always, after=("bad",))
    supervisor = Supervisor(
        [bad, top],
        tmp_path,
        lambda name, status: changes.append(status.state) if name == "bad" else None,
        keep_going=True,
    )
    await supervisor.start()
    assert supervisor.status["top"].state is State.READY
    await eventually_async(lambda: supervisor.status["bad"].restarts >= 2)
    assert State.RESTARTING in changes and State.FAILED not in changes
    assert supervisor.status["top"].restarts == 0
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_a_program_that_is_missing_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_RESTART", 0.05)
    program = tmp_path / "late"
    supervisor = Supervisor([Process("late", [str(program)], ready=_always)], tmp_path, keep_going=True)
    await supervisor.start()
    assert supervisor.status["late"].state is State.RESTARTING
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    await eventually_async(lambda: supervisor.status["late"].state is State.READY)
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("code", [_SLEEP, "raise SystemExit(3)"], ids=["never ready", "ends at once"])
@pytest.mark.parametrize(
    "what", ["logs are removed", "the home is moved", "no log can be made", "it can write to nobody"]
)
async def test_no_part_falls_because_nothing_can_be_written_down(
    tmp_path: Path, code: str, what: str
) -> None:
    home = tmp_path / "home"
    logs = home / "logs"
    home.mkdir()

    def say(*_: object) -> None:
        if what == "it can write to nobody":
            raise OSError(errno.EIO, "the terminal has gone")

    bad = Process("bad", [sys.executable, "-c", code], ready=_never, start_budget=0.2)
    other = Process("other", [sys.executable, "-c", _SLEEP], ready=_always)
    supervisor = Supervisor([bad, other], logs, say, keep_going=True)
    if what == "no log can be made":
        logs.write_text("no folder")
    await supervisor.start()
    if what == "logs are removed":
        shutil.rmtree(logs)
    if what == "the home is moved":
        home.rename(tmp_path / "elsewhere")
    await eventually_async(lambda: supervisor.status["bad"].restarts >= 2)
    assert not supervisor._fallen.is_set()
    assert home.exists() is (what != "the home is moved")
    assert (supervisor.status["other"].state, supervisor.status["other"].restarts) == (State.READY, 0)
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_what_a_part_needs_and_the_disk_refuses_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_RESTART", 0.05)
    refusals = [OSError(errno.EROFS, "Read-only file system")] * 2

    async def prepare() -> None:
        if ready and refusals:
            raise refusals.pop()

    ready: list[int] = []
    part = Process("part", [sys.executable, "-c", _SLEEP], ready=_always, prepare=prepare)
    supervisor = Supervisor([part], tmp_path)
    await supervisor.start()
    ready.append(1)
    await supervisor.kill("part")
    await eventually_async(
        lambda: (
            not refusals
            and supervisor.status["part"].state is State.READY
            and not supervisor._fallen.is_set()
        )
    )
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("how", ["is not ready", "ends at once", "is missing"])
async def test_a_part_that_was_held_and_does_not_come_back_takes_nothing_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A backup holds it, and so does the renewal of certificates; the host may be busy, or the disk full, just then."""
    monkeypatch.setattr(module, "LAST_RESTART", 0.05)
    well = "#!/bin/sh\nexec sleep 600\n"
    program, is_ready = tmp_path / "program", [True]

    async def ready() -> bool:
        return is_ready[0]

    program.write_text(well)
    program.chmod(0o755)
    part = Process("part", [str(program)], ready=ready, start_budget=0.2)
    supervisor = Supervisor([part, Process("other", [sys.executable, "-c", _SLEEP], ready=_always)], tmp_path)
    await supervisor.start()
    await supervisor.hold("part")
    match how:
        case "is not ready":
            is_ready[0] = False
        case "ends at once":
            is_ready[0] = False
            program.write_text("#!/bin/sh\nexit 3\n")
        case _:
            program.unlink()
    back, status = asyncio.create_task(supervisor.resume("part")), supervisor.status["part"]
    await eventually_async(lambda: status.restarts >= 1 or status.state is State.RESTARTING)
    assert not back.done() and not supervisor._fallen.is_set()
    program.write_text(well)
    program.chmod(0o755)
    is_ready[0] = True
    await back
    # One that ends at once may have been found ready just before its end.
    assert await eventually_async(lambda: status.state is State.READY)
    assert supervisor.status["other"].restarts == 0
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_a_reaper_that_is_killed_is_replaced_and_nothing_falls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaping, "_PAUSE", 0.01)
    supervisor = Supervisor([Process("part", [sys.executable, "-c", _SLEEP], ready=_always)], tmp_path)
    await supervisor.start()
    first = supervisor._reaping._process
    assert first is not None
    first.kill()
    await supervisor.kill("part")
    await eventually_async(
        lambda: supervisor.status["part"].restarts == 1 and supervisor.status["part"].state is State.READY
    )
    await eventually_async(lambda: supervisor._reaping._process is not first)
    second, pid = supervisor._reaping._process, supervisor.status["part"].pid
    assert second is not None and second.stdin is not None and pid is not None
    # It knows what runs: its supervisor is as good as dead when the pipe closes.
    second.stdin.close()
    await eventually_async(lambda: supervisor.status["part"].pid != pid)
    await supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_a_reaper_that_stands_still_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaping, "_LONGEST", 0.2)
    supervisor = Supervisor([Process("part", [sys.executable, "-c", _SLEEP], ready=_always)], tmp_path)
    await supervisor.start()
    still = supervisor._reaping._process
    assert still is not None
    still.send_signal(signal.SIGSTOP)
    await supervisor.stop()
    assert still.returncode == -signal.SIGKILL


@pytest.mark.asyncio
async def test_what_nohup_starts_goes_on_when_the_terminal_ends() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = stop_on_signals()
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        # One after the other.
        await asyncio.wait_for(stop.wait(), 60)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGHUP, before)


class _Looks:
    """A process that does not respond, looked at every five seconds of a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = self._idle = self._worked = 0.0
        monkeypatch.setattr("botobs._ops.processes.pulse.time.monotonic", lambda: self._now)
        self.pulse = Pulse(psutil.Process(), host=lambda: (self._idle, 2 * self._now))
        self.stopped = False
        monkeypatch.setattr(
            "botobs._ops.processes.pulse.Vitals.of", lambda _: Vitals(self.stopped, self._worked)
        )

    def look(self, worked: float = 0.0, idle: float = 5.0) -> bool:
        """Whether it stands still, after so many seconds of its work, and of the two processors' idleness."""
        self._now, self._worked, self._idle = self._now + 5, self._worked + worked, self._idle + idle
        return self.pulse.stands_still(False)


def test_who_works_does_not_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = _Looks(monkeypatch)
    assert not any(looks.look(worked=0.1) for _ in range(100))
    found = [looks.look() for _ in range(20)]
    assert found == [False] * found.index(True) + [True] * (20 - found.index(True))
    assert not looks.pulse.stands_still(True)


def test_what_the_host_starves_does_not_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither responds nor works for an hour, for want of a processor; a minute after that it is stuck."""
    looks = _Looks(monkeypatch)
    assert not any(looks.look(worked=0.0001, idle=0.1) for _ in range(720))
    found = [looks.look() for _ in range(15)]
    assert found.index(True) in range(11, 14)


def test_what_is_stopped_stands_still_on_a_busy_host_too(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = _Looks(monkeypatch)
    looks.stopped = True
    found = [looks.look(idle=0.0) for _ in range(15)]
    assert found.index(True) in range(11, 14)


def test_the_host_is_read() -> None:
    idle, total = host()
    assert 0 < idle <= total
