"""Calls by which a process ends itself without Python's own end: `os._exit`, `os.exec*`, a signal to itself."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..patching.patch import Patches
from .ending import ENDING, blocked_signals, has_default

#: Bit of a process' flags that says that it was forked and has become no other program since; `proc(5)`, `flags`.
_FORKED_NO_EXEC = 0x40


def was_forked() -> bool:
    """Whether this process was forked and still runs its parent's program; False where the system does not say."""
    try:
        # After the name, which may contain anything and is in the last parentheses.
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        return bool(int(fields[6]) & _FORKED_NO_EXEC)
    except (OSError, ValueError, IndexError):
        return False


class Calls:
    """Patches these calls.

    Args:
        end: Runs before the process ends.
        before_exec: Runs before it becomes another program; returns what is run if that fails.
    """

    def __init__(self, end: Callable[[], Any], before_exec: Callable[[], Callable[[], Any]]) -> None:
        self._end = end
        self._before_exec = before_exec
        self._patches = Patches("os")
        self._watched: set[str] = set()

    def watch_exec(self) -> None:
        """Patch `os.execv` and `os.execve`, which the other `os.exec*` call."""
        for name in ("execv", "execve"):
            self._replace(os, name, self._exec)

    def watch_exit(self) -> None:
        """Patch `os._exit`, by which forked children usually end. Elsewhere it means to end at once."""
        self._replace(os, "_exit", self._exit)

    def watch_signals_to_itself(self) -> None:
        """Patch `os.kill` and `signal.raise_signal`, by which the process may send itself a signal that ends it."""
        self._replace(os, "kill", self._kill)
        self._replace(signal, "raise_signal", self._raise)

    def undo(self) -> None:
        """Undo all patches."""
        self._patches.undo()
        self._watched.clear()

    def _replace(self, owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Any]) -> None:
        if name not in self._watched and hasattr(owner, name):
            self._watched.add(name)
            original = getattr(owner, name)
            replacement = functools.wraps(original)(wrap(original))
            # Where it is found by its name, as pickling does; the original's module is `posix` or `_signal`.
            replacement.__module__ = owner.__name__
            # Ours have names that whoever asks for type hints would not find there.
            replacement.__annotations__ = getattr(original, "__annotations__", {})
            self._patches.replace(owner, name, replacement)

    def _exit(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def _exit(*given: Any, **named: Any) -> Any:
            if not _is_status(*given, **named):
                return original(*given, **named)
            # Without botobs the process would be gone: a signal that arrives now must not change its exit status.
            with blocked_signals():
                try:
                    self._end()
                finally:
                    original(*given, **named)

        return _exit

    def _exec(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(*given: Any, **named: Any) -> Any:
            # `execvp` tries one directory after another.
            if not _can_be_run(given[0] if given else named.get("path")):
                return original(*given, **named)
            take_back: Callable[[], Any] = bool
            try:
                take_back = self._before_exec()
                return original(*given, **named)
            except BaseException:
                take_back()
                raise

        return execute

    def _kill(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def kill(*given: Any) -> Any:
            if len(given) == 2 and isinstance(given[0], int) and given[0] == os.getpid():
                self._before(given[1])
            return original(*given)

        return kill

    def _raise(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def raise_signal(*given: Any) -> Any:
            if len(given) == 1:
                self._before(given[0])
            return original(*given)

        return raise_signal

    def _before(self, number: Any) -> None:
        if isinstance(number, int) and number in ENDING and has_default(number):
            self._end()


def _is_status(status: Any = None, /, *further: Any, **named: Any) -> bool:
    """Whether `os._exit` takes these arguments: one number that fits a C int."""
    if named.keys() == {"status"} and status is None:
        status = named.pop("status")
    return not further and not named and isinstance(status, int) and -(2**31) <= status < 2**31


def _can_be_run(path: Any) -> bool:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return isinstance(path, int)
    try:
        return Path(os.fsdecode(path)).is_file() and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False
