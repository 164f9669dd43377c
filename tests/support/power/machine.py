"""Single parts of a stack as processes, which lose their power, and start again on what the disk may hold then."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from botobs._ops import custom
from botobs._ops.access import clients, secrets
from botobs._ops.components import native, ports
from botobs._ops.components.context import Context
from botobs._ops.components.table import BY_NAME
from botobs._ops.home.home import Home
from botobs._ops.processes.process import Process
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.settings.values import defaults
from botobs._ops.stack.configuration import render, variables
from botobs._ops.stack.options import Options
from tests.support.waiting import eventually

from .disk import Disk, State
from .recording import record, steps

#: Those whose addresses the configurations name.
_PARTS = ("collector", "intake", "prometheus", "tempo", "alertmanager")


class Machine:
    """A home with configuration and certificates, of which parts are started one by one.

    Args:
        folder: Where all of it is.
        values: Settings, over what a stack decides.
    """

    def __init__(self, folder: Path, values: Mapping[str, str]) -> None:
        self.home = Home(folder / "home")
        self.home.create()
        secrets.ensure(self.home.secrets)
        binaries = Binaries()
        binaries.require(list(_PARTS), Silent())
        chosen = variables(self.home, ports.choose(_PARTS, True), Options(variables=values))
        custom.make(self.home.custom)
        render(self.home, chosen)
        self.context = Context(self.home, binaries, defaults() | chosen, httpx.AsyncClient())
        self._folder = folder

    def client(self, part: str) -> httpx.Client:
        """An operator's client for a part."""
        address = BY_NAME[part].address
        assert address is not None
        return clients.client(self.home.secrets, self.context.url(address))

    @contextmanager
    def running(
        self, part: str, output: Path | None = None, ending: signal.Signals = signal.SIGKILL
    ) -> Iterator[None]:
        """Have a part run for the length of a block; it is prepared as its supervisor prepares it.

        Args:
            part: Its name.
            output: Where strace writes what it does to its data.
            ending: How it is ended.
        """
        process = self._prepared(part)
        with (self.home.logs / f"{part}.log").open("ab") as log:
            if output is None:
                started = subprocess.Popen(process.command, env=dict(process.environ), stdout=log, stderr=log)
            else:
                started = record(process.command, self.data(part), output, process.environ, log)
        try:
            eventually(lambda: started.poll() is not None or self._is_ready(part), within=120)
            assert started.poll() is None, (self.home.logs / f"{part}.log").read_text(errors="replace")[
                -3000:
            ]
            yield
        finally:
            # The tracer ends by itself then, and has written all that it has seen.
            for one in psutil.Process(started.pid).children() if output else [psutil.Process(started.pid)]:
                one.send_signal(ending)
            started.wait()

    def _prepared(self, part: str) -> Process:
        process = native.process(self.context, BY_NAME[part])
        if process.prepare is not None:
            asyncio.run(_run(process))
        return process

    def _is_ready(self, part: str) -> bool:
        health = BY_NAME[part].health
        assert health is not None
        variable, path = health
        try:
            with clients.client(self.home.secrets, self.context.url(variable)) as http:
                return http.get(path, timeout=3).status_code == 200
        except httpx.HTTPError:
            return False

    def data(self, part: str) -> Path:
        """The folder of a part's data."""
        return self.context.data(part)

    def losses(
        self,
        part: str,
        work: Callable[[], None],
        count: int,
        seed: int,
        ending: signal.Signals = signal.SIGKILL,
    ) -> Iterator[State]:
        """Let a part work, and put what the disk may hold after a loss of power meanwhile in its place, state by state.

        Args:
            part: Its name.
            work: Has it do something.
            count: Of moments, and states.
            seed: Of what chance decides.
            ending: How it is ended after its work; the power may go meanwhile.
        """
        log, before = self._folder / f"{part}.strace", self._folder / f"{part}.before"
        # Folders that are made for it are there before it is recorded.
        self._prepared(part)
        shutil.copytree(self.data(part), before)
        with self.running(part, log, ending):
            work()
        found = steps(log, self.data(part))
        chance = random.Random(seed)
        moments = chance.sample(range(len(found)), min(count, len(found)))
        every = Disk(self.data(part), before).states(found, seed, moments)
        for _, of_a_moment in itertools.groupby(every, key=lambda state: state.time):
            state = chance.choice(list(of_a_moment))
            state.write(self.data(part))
            yield state


async def _run(process: Process) -> None:
    assert process.prepare is not None
    await process.prepare()
