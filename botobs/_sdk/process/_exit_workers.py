"""Worker processes of `multiprocessing` and its forks: when this process becomes one, and whether its work failed."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ..patching.patch import Patches

#: `multiprocessing`, which `concurrent.futures` and joblib's loky use, and its forks, Celery's and pathos'.
_LIBRARIES = ("multiprocessing.process", "billiard.process", "multiprocess.process")

_failed = False


def failed() -> bool:
    """Whether this is a worker whose work ended with an exception, which its library prints before it ends."""
    return _failed


def is_worker() -> bool:
    """Whether this process is a worker."""
    return any(True for _ in _current())


def is_daemonic() -> bool:
    """Whether this is a daemonic worker, which its parent may end at any time, even by SIGKILL, as pools do."""
    return any(process.daemon for process in _current())


def is_job() -> bool:
    """Whether this process was spawned for one job of RQ, which ends by `os._exit`; see `rq.worker.SpawnWorker`."""
    return "rq" in sys.modules and "RQ_JOB_ID" in os.environ


class Workers:
    """Calls `begun` in each worker before its work.

    A forked worker is an ordinary fork until then, and a spawned one imports the program first.
    """

    def __init__(self, begun: Callable[[], None]) -> None:
        self._begun = begun
        self._patches = Patches("multiprocessing")

    def watch(self) -> None:
        """Patch the libraries, now or when they are imported."""
        for name in _LIBRARIES:
            self._patches.on_import(name, self._watch)

    def undo(self) -> None:
        """Undo all patches."""
        self._patches.undo()

    def _watch(self, module: ModuleType) -> None:
        def hook(bootstrap: Callable[..., Any]) -> Callable[..., Any]:
            def begin(process: Any, *args: Any, **kwargs: Any) -> Any:
                self._begun()
                process.run = functools.partial(_run, process.run)
                return bootstrap(process, *args, **kwargs)

            return begin

        self._patches.replace_method(module.BaseProcess, "_bootstrap", hook)


def _run(run: Callable[[], Any]) -> Any:
    global _failed
    try:
        return run()
    except Exception:
        _failed = True
        raise


def _current() -> Iterator[Any]:
    """The process objects of the libraries that started this process."""
    for name in _LIBRARIES:
        module = sys.modules.get(name)
        process = module.current_process() if module is not None else None
        if getattr(process, "_parent_pid", None) is not None:
            yield process
