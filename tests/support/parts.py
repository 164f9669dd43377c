"""A part of a stack that is a real process under a real supervisor, for tests of how long it is waited for."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from botobs._ops.processes.control import ControlServer
from botobs._ops.processes.process import Process
from botobs._ops.processes.supervisor import Supervisor
from tests.support.waiting import eventually_async

_PROGRAM = Path(__file__).with_name("slow_part.py")


@dataclass(frozen=True)
class Part:
    """One.

    Attributes:
        name: As its supervisor calls it.
        url: Where it listens.
        pid: Its process.
        control: The socket of its supervisor.
    """

    name: str
    url: str
    pid: int
    control: Path


@asynccontextmanager
async def part(name: str = "prometheus") -> AsyncIterator[Part]:
    """A process that listens as a part of a stack does, for the length of a block."""
    # A socket's path may be 108 bytes long at most, and pytest's folders are deep.
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "port"

        async def ready() -> bool:
            return place.exists()

        # It is stopped by the tests, and then takes no other signal.
        command = [sys.executable, str(_PROGRAM), str(place)]
        supervisor = Supervisor([Process(name, command, ready, stop_budget=0.1)], Path(folder))
        await supervisor.start()
        server = ControlServer(Path(folder) / "c.sock", supervisor)
        await server.start()
        try:
            pid = supervisor.status[name].pid
            assert pid is not None
            yield Part(name, f"http://127.0.0.1:{place.read_text()}", pid, Path(folder) / "c.sock")
        finally:
            await server.stop()
            await supervisor.stop()


async def stop(of: Part) -> None:
    """Stop its threads, as SIGSTOP does; returns when they are."""
    import psutil

    process = psutil.Process(of.pid)
    await asyncio.to_thread(process.suspend)
    await eventually_async(lambda: process.status() == psutil.STATUS_STOPPED)
