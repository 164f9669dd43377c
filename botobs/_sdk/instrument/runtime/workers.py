"""Takes over what a worker process has not sent when its parent terminates it.

SIGTERM ends a worker of `multiprocessing` at once, and so it has to be: see `process.exit`. Its parent asks it before,
by a local socket, and sends what it gets. Of workers that do not answer, the first is waited for a fifth of
`shutdown_timeout`, each after it half as long.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ...export.handover import unpack
from ...patching.patch import Patches
from ...process.exit import WORKER_LIBRARIES
from ...process.unsent import PART, take
from ...safe import never_raise
from ..base import Telemetry


class TerminatedWorkers:
    """Watches the termination of workers, and the end of their parent, which terminates daemonic ones."""

    name = "multiprocessing"

    def __init__(self) -> None:
        self._patches = Patches(self.name)
        self._telemetry: Telemetry | None = None
        self._longest = self._patience = 0.0

    def install(self, telemetry: Telemetry) -> None:
        """Start watching."""
        self._telemetry = telemetry
        self._longest = self._patience = telemetry.settings.shutdown_timeout * PART
        for library in WORKER_LIBRARIES:
            self._patches.on_import(f"{library}.popen_fork", self._watch)

    @never_raise
    def before_end(self, seconds: float) -> None:
        """Take over from daemonic workers: the program terminates them when botobs has ended, as a rule."""
        until = time.monotonic() + seconds
        for pid in _daemonic():
            if (left := until - time.monotonic()) > 0:
                self._take(pid, left)

    def uninstall(self) -> None:
        """Stop watching."""
        self._patches.undo()

    def _watch(self, module: ModuleType) -> None:
        def hook(terminate: Callable[..., Any]) -> Callable[..., Any]:
            def take_and_terminate(popen: Any, /, *args: Any, **kwargs: Any) -> Any:
                try:
                    if popen.returncode is None:
                        self._take(popen.pid, self._longest)
                finally:
                    # Also where Ctrl-C has ended the wait.
                    result = terminate(popen, *args, **kwargs)
                return result

            return take_and_terminate

        # Also the parent of those that are spawned or come from a fork server.
        self._patches.replace_method(module.Popen, "terminate", hook)

    @never_raise
    def _take(self, pid: int, seconds: float) -> None:
        if self._telemetry is None or seconds <= 0:
            return
        pieces, complete = take(pid, min(seconds, self._patience))
        self._patience = self._longest if complete else self._patience / 2
        self._telemetry.take_over([batch for piece in pieces if (batch := unpack(piece)) is not None])


def _daemonic() -> Iterator[int]:
    """The daemonic workers of this process that have not been seen to end."""
    for library in WORKER_LIBRARIES:
        module = sys.modules.get(f"{library}.process")
        for worker in tuple(getattr(module, "_children", ())):
            if worker.daemon and worker._popen is not None and worker._popen.returncode is None:
                yield worker._popen.pid
