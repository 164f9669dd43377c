"""Starts the processes, watches them, restarts what falls, and stops everything in the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import psutil

from ..errors import StackError
from ..home.private import open_private
from .process import Process, State, Status
from .pulse import LOOK, Pulse, Vitals
from .reaping import Reaping

logger = logging.getLogger(__name__)

#: Seconds between two looks at a process that is not ready yet.
POLL = 0.1
#: Seconds before a process that fell is started again: first, and at most.
FIRST_RESTART, LAST_RESTART = 0.5, 15.0
#: A process that has run this many seconds is not counted as falling over at start.
STEADY = 30.0
#: The longest that a process may take to be ready after others were killed for not being it.
_LAST_BUDGET = 3600.0


class Supervisor:
    """Runs processes until `stop`.

    Args:
        processes: In any order; `Process.after` decides.
        logs: Folder of the log files.
        on_change: Called after every change of a process's state.
        keep_going: Start the rest when a process does not become ready at first, and try it again.

    Attributes:
        processes: By name.
        status: What each is doing.
        stopping: Whether `stop` was called.
    """

    def __init__(
        self,
        processes: Iterable[Process],
        logs: Path,
        on_change: Callable[[str, Status], None] = lambda *_: None,
        keep_going: bool = False,
    ) -> None:
        self._keep_going = keep_going
        self.processes: dict[str, Process] = {}
        self.status: dict[str, Status] = {}
        self._logs = logs
        self._on_change = on_change
        self._ready: dict[str, asyncio.Event] = {}
        # Once others need not wait for it any more: it was ready, or is not going to be soon.
        self._passed: dict[str, asyncio.Event] = {}
        # By us, for a time.
        self._frozen: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        # The same as psutil knows them, which takes no later process for one of these.
        self._known: dict[str, psutil.Process] = {}
        self._reaping = Reaping(self._pids)
        self._fallen = asyncio.Event()
        self.stopping = False
        for process in processes:
            self.add(process)

    def add(self, process: Process) -> None:
        """Take in another process, before `start`; while the others run, `join` does."""
        self.processes[process.name] = process
        self.status[process.name] = Status()
        self._ready[process.name] = asyncio.Event()
        self._passed[process.name] = asyncio.Event()

    async def start(self) -> None:
        """Start every process; returns when all are ready, or tried again where the rest is to keep going.

        Raises:
            StackError: A process did not become ready in its time, or ended at once.
        """
        await self._reaping.start()
        await self._begin_all(list(self.processes))

    async def join(self, processes: Iterable[Process]) -> None:
        """Start further processes while others run; returns when they are ready.

        Raises:
            StackError: One did not become ready in its time, or ended at once; those of them that run are stopped.
        """
        names = []
        for process in processes:
            self.add(process)
            names.append(process.name)
        try:
            await self._begin_all(names)
        except StackError:
            await asyncio.gather(*(self._stop_one(name) for name in names))
            for name in names:
                del self.processes[name], self.status[name], self._ready[name], self._tasks[name]
                del self._passed[name]
            self._fallen.clear()
            raise

    async def _begin_all(self, names: Sequence[str]) -> None:
        for name in names:
            self._begin(name)
        waits = [asyncio.create_task(self._passed[name].wait()) for name in names]
        try:
            pending: set[asyncio.Task[object]] = {*waits, *(self._tasks[name] for name in names)}
            while not all(wait.done() for wait in waits):
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for wait in waits:
                wait.cancel()

    async def wait(self) -> None:
        """Return when a process has fallen for good; one that is held has not.

        Raises:
            StackError: Which one, and where its log is.
        """
        await self._fallen.wait()
        for task in self._tasks.values():
            if task.done() and not task.cancelled():
                task.result()

    async def stop(self) -> None:
        """Stop every process, those that others wait for last."""
        self.stopping = True
        for layer in self._layers():
            await asyncio.gather(*(self._stop_one(name) for name in layer))
        await self._reaping.stop()

    async def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process, as a fault would; the supervisor restarts what falls."""
        running = self._running.get(name)
        if running is None or running.returncode is not None:
            raise StackError(f"{name} does not run at the moment")
        with contextlib.suppress(ProcessLookupError):
            running.send_signal(number)

    def vitals(self, name: str) -> Vitals:
        """Those of a process, as they are now."""
        known = self._known.get(name)
        return Vitals() if known is None else Vitals.of(known)

    async def freeze(self, name: str) -> None:
        """Stop the threads of a process and of the processes that it has started, without ending any."""
        self._frozen.add(name)
        self._each(name, psutil.Process.suspend)

    async def thaw(self, name: str) -> None:
        """Resume a process that `freeze` has stopped."""
        self._each(name, psutil.Process.resume)
        self._frozen.discard(name)

    def _each(self, name: str, do: Callable[[psutil.Process], None]) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = self._known.get(name)
            # The id of a process that has ended may be another process's by now.
            if parent is None or not parent.is_running():
                return
            do(parent)
            for child in parent.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    do(child)

    async def hold(self, name: str, number: int | None = None) -> None:
        """Stop a process, in good order or with the signal `number`, and leave it stopped until `resume`."""
        await self._stop_one(name, number)

    async def resume(self, name: str) -> None:
        """Start a process that `hold` has stopped, again and again as one that falls; returns when it is ready."""
        self._ready[name].clear()
        self._begin(name, first=False)
        wait = asyncio.create_task(self._ready[name].wait())
        await asyncio.wait({wait, self._tasks[name]}, return_when=asyncio.FIRST_COMPLETED)
        if not wait.done():
            wait.cancel()
            self._tasks[name].result()

    def _begin(self, name: str, first: bool = True) -> None:
        task = asyncio.create_task(self._run(self.processes[name], first), name=f"process-{name}")
        task.add_done_callback(lambda ended: None if ended.cancelled() else self._fallen.set())
        self._tasks[name] = task

    async def _run(self, process: Process, first: bool) -> None:
        for earlier in process.after:
            if earlier in self._passed:
                await self._passed[earlier].wait()
        delay, budget = FIRST_RESTART, process.start_budget
        while not self.stopping:
            began = time.monotonic()
            try:
                running = await self._spawn(process)
            except StackError:
                if first and not self._keep_going:
                    raise
                # Its program or its folder may be there again: a disk that was full, or not mounted yet.
                self._passed[process.name].set()
                self._set(process.name, State.RESTARTING)
                await asyncio.sleep(LAST_RESTART)
                continue
            ended = asyncio.create_task(running.wait())
            try:
                await self._until_ready(process, ended, budget)
                if first and process.finish_start is not None:
                    await process.finish_start()
                self._ready[process.name].set()
                self._passed[process.name].set()
                self._set(process.name, State.READY)
                first, budget = False, process.start_budget
                await self._until_ended(process, ended)
            except StackError as error:
                if first and not self._keep_going:
                    self._set(process.name, State.FAILED)
                    raise
                logger.error("%s", error.problem)
                self._passed[process.name].set()
                # Alive but not responding: the next try needs its port, and perhaps more time.
                if running.returncode is None:
                    budget = min(_LAST_BUDGET, budget * 2)
                    _kill_group(running)
                    await running.wait()
            finally:
                if running.returncode is not None:
                    await self._reaping.remove(running.pid)
                ended.cancel()
            self._ready[process.name].clear()
            if self.stopping:
                break
            self.status[process.name].restarts += 1
            self._set(process.name, State.RESTARTING)
            logger.warning(
                "%s ended with %s, starting it again in %.1f s", process.name, running.returncode, delay
            )
            if time.monotonic() - began > STEADY:
                delay = FIRST_RESTART
            await asyncio.sleep(delay)
            delay = min(LAST_RESTART, delay * 2)

    async def _spawn(self, process: Process) -> asyncio.subprocess.Process:
        """Start a process.

        Raises:
            StackError: It cannot be started now.
        """
        try:
            if process.prepare is not None:
                await process.prepare()
            log = self._log(process.name)
        except OSError as error:
            raise StackError(f"{process.name} cannot be started: {error}") from error
        try:
            running = await asyncio.create_subprocess_exec(
                *process.command,
                env=dict(process.environ),
                cwd=process.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal reaches us alone, and we stop the processes in order.
                start_new_session=True,
                user=process.user,
                group=_group_of(process.user),
                extra_groups=[] if process.user else None,
                # Its files are private, whatever the umask of the supervisor.
                umask=0o077,
            )
        except OSError as error:
            raise StackError(f"{process.name} cannot be started: {error}") from error
        finally:
            log.close()
        self._running[process.name] = running
        self._known.pop(process.name, None)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._known[process.name] = psutil.Process(running.pid)
        await self._reaping.add(running.pid)
        self.status[process.name].pid = running.pid
        self._set(process.name, State.STARTING)
        return running

    def _log(self, name: str) -> BinaryIO:
        """Where a process writes its messages: nowhere, rather than that it does not run, on a disk that takes none."""
        try:
            # Not the folders above it: a home that was moved elsewhere is not made anew.
            self._logs.mkdir(mode=0o700, exist_ok=True)
            return open_private(self._logs / f"{name}.log")
        except OSError as error:
            logger.warning("%s runs without a log: %s", name, error)
            return Path(os.devnull).open("wb")

    def _pids(self) -> list[int]:
        return [running.pid for running in self._running.values() if running.returncode is None]

    async def _until_ended(self, process: Process, ended: asyncio.Task[int]) -> None:
        if not process.watched:
            await ended
            return
        pulse = Pulse(self._known[process.name]) if process.name in self._known else None
        while pulse is not None and not ended.done():
            await asyncio.wait({ended}, timeout=LOOK)
            if not ended.done() and process.name not in self._frozen:
                responds = await process.ready()
                if pulse.stands_still(responds) and process.name not in self._frozen:
                    raise self._fell(process, "stands still and is killed")
        await ended

    async def _until_ready(self, process: Process, watch: asyncio.Task[int], budget: float) -> None:
        deadline = time.monotonic() + budget
        while not await process.ready():
            if watch.done():
                raise self._fell(process, f"ended with exit code {watch.result()} before it was ready")
            if time.monotonic() > deadline:
                raise self._fell(process, f"was not ready within {budget:g} s")
            await asyncio.sleep(POLL)

    def _fell(self, process: Process, what: str) -> StackError:
        path = self._logs / f"{process.name}.log"
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        except OSError as error:
            # Somebody has removed it.
            lines = [f"it cannot be read: {error.strerror}"]
        return StackError(
            f"{process.name} {what}", "\n".join([f"The end of {path}:", *(f"  {line}" for line in lines)])
        )

    async def _stop_one(self, name: str, number: int | None = None) -> None:
        task, running = self._tasks.get(name), self._running.get(name)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if running is not None and running.returncode is None:
            process = self.processes[name]
            with contextlib.suppress(ProcessLookupError):
                running.send_signal(process.stop_signal if number is None else number)
            try:
                async with asyncio.timeout(process.stop_budget):
                    await running.wait()
            except TimeoutError:
                logger.info("%s did not stop within %g s and is killed", name, process.stop_budget)
                _kill_group(running)
                await running.wait()
        if running is not None:
            await self._reaping.remove(running.pid)
        self._ready[name].clear()
        self._set(name, State.STOPPED)

    def _layers(self) -> list[list[str]]:
        """Parts by how many others stand on them, the topmost first."""
        depth: dict[str, int] = {}

        def measure(name: str) -> int:
            if name not in depth:
                earlier = [each for each in self.processes[name].after if each in self.processes]
                depth[name] = 1 + max((measure(each) for each in earlier), default=0)
            return depth[name]

        for name in self.processes:
            measure(name)
        return [
            [name for name in self.processes if depth[name] == d]
            for d in sorted(set(depth.values()), reverse=True)
        ]

    def _set(self, name: str, state: State) -> None:
        status = self.status[name]
        status.state, status.since = state, time.time()
        # A terminal that has gone, or a full disk behind its messages, is no matter of what runs.
        with contextlib.suppress(OSError):
            self._on_change(name, status)


def _kill_group(running: asyncio.subprocess.Process) -> None:
    """Kill a process that has not been waited for, with what it has started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)


def _group_of(user: str | None) -> int | None:
    if user is None:
        return None
    import pwd

    return pwd.getpwnam(user).pw_gid
