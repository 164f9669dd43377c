"""Calls by which a process ends itself without Python's own end: `os._exit`, `os.exec*`, a signal to itself."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..patching.patch import Patches
from .ending import ENDING, held_back

#: Bit of a process' flags that says that it was forked and has become no other program since; `proc(5)`, `flags`.
_FORKED_NO_EXEC = 0x40


def was_forked() -> bool:
    """Whether this process was forked and runs its parent's program, as far as the system tells."""
    try:
        # Behind the name, which may hold anything but is the last thing in parentheses.
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        return bool(int(fields[6]) & _FORKED_NO_EXEC)
    except (OSError, ValueError, IndexError):
        return False


class Calls:
    """Watches the calls.

    Args:
        end: Runs before the process ends.
        leave: Runs before it becomes another program; returns what is run if that fails.
    """

    def __init__(self, end: Callable[[], Any], leave: Callable[[], Callable[[], Any]]) -> None:
        self._end = end
        self._leave = leave
        self._patches = Patches("os")
        self._watched: set[str] = set()

    def watch_exec(self) -> None:
        """Watch `os.exec*`: the others call these two."""
        for name in ("execv", "execve"):
            self._replace(os, name, self._exec)

    def watch_exit(self) -> None:
        """Watch `os._exit`, which ends forked children as a rule. In other processes it is a way to end at once."""
        self._replace(os, "_exit", self._exit)

    def watch_signals_to_itself(self) -> None:
        """Watch signals that the process sends itself, and that end it by their default action."""
        self._replace(os, "kill", self._kill)
        self._replace(signal, "raise_signal", self._raise)

    def undo(self) -> None:
        """Watch nothing any more."""
        self._patches.undo()
        self._watched.clear()

    def _replace(self, owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Any]) -> None:
        if name not in self._watched and hasattr(owner, name):
            self._watched.add(name)
            original = getattr(owner, name)
            self._patches.replace(owner, name, functools.wraps(original)(wrap(original)))

    def _exit(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def _exit(status: int) -> Any:
            # Without botobs the process were gone: a signal that comes now must not change its status.
            with held_back():
                try:
                    self._end()
                finally:
                    original(status)

        return _exit

    def _exec(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(path: Any, *arguments: Any, **named: Any) -> Any:
            # `execvp` tries one directory after the other.
            if not _can_be_run(path):
                return original(path, *arguments, **named)
            back: Callable[[], Any] = bool
            try:
                back = self._leave()
                return original(path, *arguments, **named)
            except BaseException:
                back()
                raise

        return execute

    def _kill(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def kill(pid: int, number: int, /) -> Any:
            if pid == os.getpid():
                self._before(number)
            return original(pid, number)

        return kill

    def _raise(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def raise_signal(number: int, /) -> Any:
            self._before(number)
            return original(number)

        return raise_signal

    def _before(self, number: int) -> None:
        if number in ENDING and signal.getsignal(number) is signal.SIG_DFL:
            self._end()


def _can_be_run(path: Any) -> bool:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return isinstance(path, int)
    try:
        return Path(os.fsdecode(path)).is_file() and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False
