"""Ends the processes of a stack whose supervisor has died without doing so.

Started by the supervisor with a pipe as standard input. It reads the number of each, and when the pipe closes,
which the system does however the supervisor ends, it ends whatever is still on its list. `python -m` runs it, so that
it shares no memory and no signal handler with the supervisor.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable

import psutil

from ..._sdk.process import alive

#: Seconds that the processes get between SIGTERM and SIGKILL.
GRACE = 8.0


def main() -> None:
    """Read lines until the end, then end what is left: `+PID IDENTITY` adds a process, `-PID` takes it off."""
    # A Ctrl-C or a closed terminal is the supervisor's to handle; the reaper only goes when the supervisor went.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    watched: dict[int, psutil.Process] = {}
    for line in sys.stdin:
        number, _, who = line[1:].strip().partition(" ")
        if not number.isdecimal():
            # The supervisor was killed while it wrote.
            continue
        pid = int(number)
        if line.startswith("-"):
            watched.pop(pid, None)
            continue
        try:
            # psutil remembers the start time, so a number that the system gives away from now on is not mistaken.
            process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            continue
        # Nor one that it has given away since the line was written.
        if alive.identity(pid) == who:
            watched[pid] = process
    end(list(watched.values()))


def end(processes: list[psutil.Process]) -> None:
    """End processes with their children: politely, then for good."""
    everyone: list[psutil.Process] = []
    for process in processes:
        # It may end at any moment, and the others have to end all the same.
        with contextlib.suppress(psutil.Error):
            if process.is_running():
                everyone += [process, *process.children(recursive=True)]
    for process in everyone:
        _send(process, psutil.Process.terminate)
    _, alive = psutil.wait_procs(everyone, timeout=GRACE)
    for process in alive:
        _send(process, psutil.Process.kill)
    deadline = time.monotonic() + 2
    while any(process.is_running() for process in alive) and time.monotonic() < deadline:
        time.sleep(0.05)


def _send(process: psutil.Process, action: Callable[[psutil.Process], None]) -> None:
    with contextlib.suppress(psutil.Error):
        action(process)


if __name__ == "__main__":
    main()
