"""Keeps a reaper for as long as a supervisor runs: another one where the first is killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable

from . import child

logger = logging.getLogger(__name__)

#: Seconds before a reaper that has ended is replaced.
_PAUSE = 0.5
#: Seconds in which one that has nothing to do any more ends.
_LONGEST = 15.0


class Reaping:
    """The reaper of a supervisor; see `botobs._ops.processes.reaper`.

    Args:
        pids: The processes that run now, which one that is started later has to know.
    """

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin.

        Raises:
            OSError: No process can be started.
        """
        await self._begin()
        self._keeper = asyncio.create_task(self._keep(), name="reaper")

    async def add(self, pid: int) -> None:
        """Have a process ended when the supervisor dies; it must not have been waited for yet."""
        await self._write(child.watch(pid))

    async def remove(self, pid: int) -> None:
        """Take one off that has ended."""
        await self._write(f"-{pid}\n".encode())

    async def stop(self) -> None:
        """Let it end, once everything else has."""
        if self._process is None or self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_LONGEST):
                await self._process.wait()
        except TimeoutError:
            # It stands still.
            self._process.kill()
            await self._process.wait()
        self._process = self._keeper = None

    async def _begin(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *child.command("botobs._ops.processes.reaper"),
            env=child.environ(),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        for pid in self._pids():
            await self.add(pid)

    async def _keep(self) -> None:
        while self._process is not None:
            await self._process.wait()
            logger.warning(
                "the process that ends the others when this one dies was killed; another is started"
            )
            await asyncio.sleep(_PAUSE)
            with contextlib.suppress(OSError):
                await self._begin()

    async def _write(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            # The next one gets them all.
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(line)
                await self._process.stdin.drain()
