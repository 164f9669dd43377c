"""Supervises two parts, each with a child of its own, in the folder that its argument is; writes their pids there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from botobs._ops.processes.process import Process
from botobs._ops.processes.supervisor import Supervisor

_PARENT = str(Path(__file__).with_name("parent.py"))


async def _ready() -> bool:
    return True


async def _main(folder: Path) -> None:
    parts = [Process(name, [sys.executable, _PARENT], _ready) for name in ("a", "b")]
    supervisor = Supervisor(parts, folder)
    await supervisor.start()
    (folder / "pids.new").write_text(" ".join(str(status.pid) for status in supervisor.status.values()))
    (folder / "pids.new").replace(folder / "pids")
    await asyncio.sleep(600)


asyncio.run(_main(Path(sys.argv[1])))
