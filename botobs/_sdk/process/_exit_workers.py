"""Worker processes of `multiprocessing` and its kin: when this process begins to be one, and that its work failed."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ..patching.patch import Patches

#: `multiprocessing`, on which `concurrent.futures` and joblib's loky stand, and its forks: Celery's and pathos'.
_LIBRARIES = ("multiprocessing.process", "billiard.process", "multiprocess.process")

_failed = False


def failed() -> bool:
    """Whether this is a worker whose work ended with an exception. Its library prints it, and ends the process."""
    return _failed


def is_worker() -> bool:
    """Whether this process is one."""
    return any(True for _ in _current())


def is_daemonic() -> bool:
    """Whether this is a worker that its parent ends without being asked, by SIGKILL too, as those of pools are."""
    return any(process.daemon for process in _current())


class Workers:
    """Calls `begun` in each worker before its work.

    A forked worker is an ordinary fork until then, and a spawned one imports the program first.
    """

    def __init__(self, begun: Callable[[], None]) -> None:
        self._begun = begun
        self._patches = Patches("multiprocessing")

    def watch(self) -> None:
        """Start watching, whether a library is imported already, later, or never."""
        for name in _LIBRARIES:
            self._patches.on_import(name, self._watch)

    def undo(self) -> None:
        """Watch no more."""
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
    """This process as a library sees it, if it has started it."""
    for name in _LIBRARIES:
        module = sys.modules.get(name)
        process = module.current_process() if module is not None else None
        if getattr(process, "_parent_pid", None) is not None:
            yield process
