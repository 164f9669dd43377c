"""Worker processes of `multiprocessing` and its forks: when this process becomes one, and whether its work failed.

A forked worker has what its parent had, botobs included. One that is spawned, or comes from the fork server, imports
the program's main module, in which `botobs.init()` usually stands behind `if __name__ == "__main__"`. With the process
that is sent to it goes what continues botobs there.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ..patching.patch import Patches
from ..safe import never_raise

#: `multiprocessing`, which `concurrent.futures` and joblib's loky use, and its forks, Celery's and pathos'.
LIBRARIES = ("multiprocessing", "billiard", "multiprocess")
_MODULES = tuple(f"{library}.process" for library in LIBRARIES)

#: What the command line of a spawned worker ends with.
_FORK_ARGUMENT = re.compile(r"--\w+-fork")

#: The program that a worker of Ray runs.
_WORKER_OF_RAY = os.sep + str(Path("ray", "_private", "workers", "default_worker.py"))

#: Name of the attribute under which it goes along.
_CARRIED = "_botobs_continued"

_failed = False


def failed() -> bool:
    """Whether this is a worker whose work ended with an exception, which its library prints before it ends."""
    return _failed


def is_worker() -> bool:
    """Whether this process is a worker, or was started to become one and has not got its work yet."""
    return any(True for _ in _current()) or any(_FORK_ARGUMENT.fullmatch(given) for given in sys.orig_argv)


def is_fork_server() -> bool:
    """Whether this process runs the program of a fork server, whose children are workers from the start."""
    return any("forkserver import" in given for given in sys.orig_argv)


def is_daemonic() -> bool:
    """Whether this is a daemonic worker, which its parent may end at any time, even by SIGKILL, as pools do."""
    return any(process.daemon for process in _current()) or _is_of_ray()


def _is_of_ray() -> bool:
    """Whether Ray has started this process; its daemon ends workers without Python's `atexit`."""
    return "ray" in sys.modules and any(given.endswith(_WORKER_OF_RAY) for given in sys.orig_argv)


def is_job() -> bool:
    """Whether this process was spawned for one job of RQ, which ends by `os._exit`; see `rq.worker.SpawnWorker`."""
    return "rq" in sys.modules and "RQ_JOB_ID" in os.environ


#: A function that never raises, and its argument, pickled already so that it cannot fail.
Continuation = tuple[Callable[[bytes], None], bytes]


class _Continued:
    """Calls a function where it is unpickled."""

    def __init__(self, function: Callable[[bytes], None], argument: bytes) -> None:
        self._call = function, (argument,)

    def __reduce__(self) -> tuple[Callable[[bytes], None], tuple[bytes]]:
        return self._call


class Workers:
    """Calls `begun` in each worker before its work.

    Args:
        begun: A forked worker is an ordinary fork until then, and a spawned one imports the program first.
        continued: What is called in workers that are no forks; None for nothing.
    """

    def __init__(self, begun: Callable[[], None], continued: Callable[[], Continuation | None]) -> None:
        self._begun = begun
        self._continued = continued
        self._patches = Patches("multiprocessing")

    def watch(self) -> None:
        """Patch the libraries, now or when they are imported."""
        for name in _MODULES:
            self._patches.on_import(name, self._watch)

    def undo(self) -> None:
        """Undo all patches."""
        self._patches.undo()

    def _watch(self, module: ModuleType) -> None:
        def hook_start(start: Callable[..., Any]) -> Callable[..., Any]:
            def carry(process: Any, /, *args: Any, **kwargs: Any) -> Any:
                self._give(process, module)
                try:
                    return start(process, *args, **kwargs)
                finally:
                    process.__dict__.pop(_CARRIED, None)

            return carry

        def hook(bootstrap: Callable[..., Any]) -> Callable[..., Any]:
            def begin(process: Any, /, *args: Any, **kwargs: Any) -> Any:
                process.__dict__.pop(_CARRIED, None)
                self._begun()
                process.run = functools.partial(_run, process.run)
                return bootstrap(process, *args, **kwargs)

            return begin

        self._patches.replace_method(module.BaseProcess, "_bootstrap", hook)
        self._patches.replace_method(module.BaseProcess, "start", hook_start)

    @never_raise
    def _give(self, process: Any, module: ModuleType) -> None:
        # Another Python could not unpickle it, if it has no botobs.
        continued = self._continued() if _runs_this_python(module) else None
        if continued is not None:
            process.__dict__[_CARRIED] = _Continued(*continued)


def _runs_this_python(module: ModuleType) -> bool:
    """Whether new workers of a library run the Python that runs here; `set_executable` names another one."""
    spawn = sys.modules.get(f"{module.__name__.partition('.')[0]}.spawn")
    if spawn is None:
        return True
    executable = spawn.get_executable()
    known = (sys.executable, getattr(sys, "_base_executable", None))
    return executable is None or os.fsdecode(executable) in known


def _run(run: Callable[[], Any]) -> Any:
    global _failed
    try:
        return run()
    except Exception:
        _failed = True
        raise


def _current() -> Iterator[Any]:
    """The process objects of the libraries that started this process."""
    for name in _MODULES:
        module = sys.modules.get(name)
        process = module.current_process() if module is not None else None
        is_begun = getattr(process, "_parent_pid", None) is not None
        # While it unpickles its work, it looks like a main process.
        if is_begun or getattr(process, "_inheriting", False):
            yield process
