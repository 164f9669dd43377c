"""Starts the parts, watches them, restarts what falls, and stops everything in the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

from ..errors import StackError
from ..home.private import open_private
from . import child

logger = logging.getLogger(__name__)

#: Seconds between two looks at a part that is not ready yet.
POLL = 0.1
#: Seconds before a part that fell is started again: first, and at most.
FIRST_RESTART, LAST_RESTART = 0.5, 15.0
#: A part that has run this many seconds is not counted as falling over at start.
STEADY = 30.0


class State(StrEnum):
    """What a part is doing."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Part:
    """One process of the stack.

    Attributes:
        name: Unique in the stack.
        command: Program and arguments; no secret may be among them.
        ready: Whether it answers; asked until it does.
        environ: Its whole environment.
        after: Names of the parts that must be ready first.
        stop_signal: What makes it stop in good order.
        stop_budget: Seconds that it has for it.
        start_budget: Seconds that it has to become ready the first time.
        prepare: Run before every start.
        finish_start: Run once it is ready the first time; the parts after it wait for that.
        user: Name of the user to run as, or None for ours.
        directory: Working directory.
        url: Where a person or a program reaches it, without secrets.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    environ: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    stop_signal: int = signal.SIGTERM
    stop_budget: float = 10.0
    start_budget: float = 90.0
    prepare: Callable[[], Awaitable[None]] | None = None
    finish_start: Callable[[], Awaitable[None]] | None = None
    user: str | None = None
    directory: Path | None = None
    url: str = ""


@dataclass
class Status:
    """What the supervisor knows of a part."""

    state: State = State.WAITING
    pid: int | None = None
    restarts: int = 0
    since: float = 0.0


class Supervisor:
    """Runs parts until told to stop.

    Args:
        parts: In any order; `Part.after` decides.
        logs: Folder of the log files.
        on_change: Called after every change of a part's state.

    Attributes:
        parts: By name.
        status: What each is doing.
        stopping: Whether `stop` was called.
    """

    def __init__(
        self, parts: Iterable[Part], logs: Path, on_change: Callable[[str, Status], None] = lambda *_: None
    ) -> None:
        self.parts: dict[str, Part] = {}
        self.status: dict[str, Status] = {}
        self._logs = logs
        self._on_change = on_change
        self._ready: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        # The same as psutil knows them, which takes no later process for one of these.
        self._known: dict[str, psutil.Process] = {}
        self._guardian: asyncio.subprocess.Process | None = None
        self._fallen = asyncio.Event()
        self.stopping = False
        for part in parts:
            self.add(part)

    def add(self, part: Part) -> None:
        """Take in another part, before `start`."""
        self.parts[part.name] = part
        self.status[part.name] = Status()
        self._ready[part.name] = asyncio.Event()

    async def start(self) -> None:
        """Start every part; returns when all are ready.

        Raises:
            StackError: A part did not become ready in its time, or ended at once.
        """
        await self._start_guardian()
        for name in self.parts:
            self._begin(name)
        waits = {asyncio.create_task(event.wait()): name for name, event in self._ready.items()}
        try:
            pending: set[asyncio.Task[object]] = {*waits, *self._tasks.values()}
            while not all(event.is_set() for event in self._ready.values()):
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for wait in waits:
                wait.cancel()

    async def wait(self) -> None:
        """Return when a part has fallen for good; one that is held has not.

        Raises:
            StackError: Which one, and where its log is.
        """
        await self._fallen.wait()
        for task in self._tasks.values():
            if task.done() and not task.cancelled():
                task.result()

    async def stop(self) -> None:
        """Stop every part, those that others wait for last."""
        self.stopping = True
        for layer in self._layers():
            await asyncio.gather(*(self._stop_one(name) for name in layer))
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            await self._guardian.wait()
            self._guardian = None

    async def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a part, as a fault would; the supervisor restarts what falls."""
        process = self._processes.get(name)
        if process is None or process.returncode is not None:
            raise StackError(f"{name} does not run at the moment")
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)

    async def freeze(self, name: str) -> None:
        """Stop the threads of a part and of the processes that it has started, without ending any."""
        self._each(name, psutil.Process.suspend)

    async def thaw(self, name: str) -> None:
        """Let what `freeze` has stopped go on."""
        self._each(name, psutil.Process.resume)

    def _each(self, name: str, do: Callable[[psutil.Process], None]) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = self._known.get(name)
            # A part that has fallen and not started again has left its number to anybody.
            if parent is None or not parent.is_running():
                return
            do(parent)
            for child in parent.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    do(child)

    async def hold(self, name: str, number: int | None = None) -> None:
        """Stop a part, in good order or with the signal `number`, and leave it stopped until `resume`."""
        await self._stop_one(name, number)

    async def resume(self, name: str) -> None:
        """Start a part that `hold` has stopped; returns when it is ready."""
        self._ready[name].clear()
        self._begin(name)
        wait = asyncio.create_task(self._ready[name].wait())
        await asyncio.wait({wait, self._tasks[name]}, return_when=asyncio.FIRST_COMPLETED)
        if not wait.done():
            wait.cancel()
            self._tasks[name].result()

    def _begin(self, name: str) -> None:
        task = asyncio.create_task(self._run(self.parts[name]), name=f"part-{name}")
        task.add_done_callback(lambda ended: None if ended.cancelled() else self._fallen.set())
        self._tasks[name] = task

    async def _run(self, part: Part) -> None:
        for earlier in part.after:
            if earlier in self._ready:
                await self._ready[earlier].wait()
        delay = FIRST_RESTART
        first = True
        while not self.stopping:
            began = time.monotonic()
            process = await self._spawn(part)
            ended = asyncio.create_task(process.wait())
            try:
                await self._until_ready(part, ended)
                if first and part.finish_start is not None:
                    await part.finish_start()
                self._ready[part.name].set()
                self._set(part.name, State.READY)
                first = False
                await ended
            except StackError:
                if first:
                    self._set(part.name, State.FAILED)
                    raise
                # Alive but not answering after a restart: the next try needs its port.
                if process.returncode is None:
                    _kill_group(process)
                    await process.wait()
            finally:
                if process.returncode is not None:
                    await self._tell_guardian(f"-{process.pid}\n".encode())
                ended.cancel()
            self._ready[part.name].clear()
            if self.stopping:
                break
            self.status[part.name].restarts += 1
            self._set(part.name, State.RESTARTING)
            logger.warning(
                "%s ended with %s, starting it again in %.1f s", part.name, process.returncode, delay
            )
            if time.monotonic() - began > STEADY:
                delay = FIRST_RESTART
            await asyncio.sleep(delay)
            delay = min(LAST_RESTART, delay * 2)

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        if part.prepare is not None:
            await part.prepare()
        log = open_private(self._logs / f"{part.name}.log")
        try:
            process = await asyncio.create_subprocess_exec(
                *part.command,
                env=dict(part.environ),
                cwd=part.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal reaches us alone, and we stop the parts in order.
                start_new_session=True,
                user=part.user,
                group=_group_of(part.user),
                extra_groups=[] if part.user else None,
                # What it stores is for nobody else, whatever is the umask that we were started with.
                umask=0o077,
            )
        except OSError as error:
            raise StackError(f"{part.name} cannot be started: {error}") from error
        finally:
            log.close()
        self._processes[part.name] = process
        self._known.pop(part.name, None)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._known[part.name] = psutil.Process(process.pid)
        await self._tell_guardian(child.watch(process.pid))
        self.status[part.name].pid = process.pid
        self._set(part.name, State.STARTING)
        return process

    async def _until_ready(self, part: Part, watch: asyncio.Task[int]) -> None:
        deadline = time.monotonic() + part.start_budget
        while not await part.ready():
            if watch.done():
                raise self._fell(part, f"ended with exit code {watch.result()} before it was ready")
            if time.monotonic() > deadline:
                raise self._fell(part, f"was not ready within {part.start_budget:g} s")
            await asyncio.sleep(POLL)

    def _fell(self, part: Part, what: str) -> StackError:
        path = self._logs / f"{part.name}.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        return StackError(
            f"{part.name} {what}", "\n".join([f"The end of {path}:", *(f"  {line}" for line in lines)])
        )

    async def _stop_one(self, name: str, number: int | None = None) -> None:
        task, process = self._tasks.get(name), self._processes.get(name)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if process is not None and process.returncode is None:
            part = self.parts[name]
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(part.stop_signal if number is None else number)
            try:
                async with asyncio.timeout(part.stop_budget):
                    await process.wait()
            except TimeoutError:
                logger.info("%s did not stop within %g s and is killed", name, part.stop_budget)
                _kill_group(process)
                await process.wait()
        if process is not None:
            await self._tell_guardian(f"-{process.pid}\n".encode())
        self._ready[name].clear()
        self._set(name, State.STOPPED)

    def _layers(self) -> list[list[str]]:
        """Parts by how many others stand on them, the topmost first."""
        depth: dict[str, int] = {}

        def measure(name: str) -> int:
            if name not in depth:
                earlier = [each for each in self.parts[name].after if each in self.parts]
                depth[name] = 1 + max((measure(each) for each in earlier), default=0)
            return depth[name]

        for name in self.parts:
            measure(name)
        return [
            [name for name in self.parts if depth[name] == d]
            for d in sorted(set(depth.values()), reverse=True)
        ]

    def _set(self, name: str, state: State) -> None:
        status = self.status[name]
        status.state, status.since = state, time.time()
        self._on_change(name, status)

    async def _start_guardian(self) -> None:
        self._guardian = await asyncio.create_subprocess_exec(
            *child.command("botobs._ops.processes.reaper"),
            env=child.environ(),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _tell_guardian(self, line: bytes) -> None:
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.write(line)
            await self._guardian.stdin.drain()


def _kill_group(process: asyncio.subprocess.Process) -> None:
    """Kill a part that has not been waited for, with what it has started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _group_of(user: str | None) -> int | None:
    if user is None:
        return None
    import pwd

    return pwd.getpwnam(user).pw_gid
