"""Runs the shutdown however the process ends, short of SIGKILL, with the program's own handlers untouched."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

import wrapt

#: Those that end a process by default without its `atexit` functions. SIGINT raises KeyboardInterrupt by default,
#: which comes to `atexit`; it is taken only where somebody has given it back its first meaning.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def died() -> bool:
    """Whether this process ends because nobody caught an exception; one that the user interrupted does not."""
    error = getattr(sys, "last_value", None)
    return error is not None and not isinstance(error, KeyboardInterrupt)


class ExitHooks:
    """Calls `action` at the end of the process.

    A signal is taken only while its meaning is the default: to end the process at once. Where the program has a
    handler, whether it was there before or comes later, that handler decides, and a process that ends comes to
    `atexit`.
    """

    def __init__(self, action: Callable[[], Any]) -> None:
        self._action = action
        self._installed = False
        self._taken: list[int] = []
        self._watches_children = False

    def install(self) -> None:
        """Start watching for the end."""
        if self._installed:
            return
        self._installed = True
        atexit.register(self._action)
        if not self._watches_children:
            # Once in a process, because multiprocessing never forgets; without botobs running it does nothing.
            self._watches_children = True
            wrapt.register_post_import_hook(self._watch_children, "multiprocessing.util")
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._on_signal)
                self._taken.append(number)

    def uninstall(self) -> None:
        """Give everything back."""
        if not self._installed:
            return
        self._installed = False
        atexit.unregister(self._action)
        if threading.current_thread() is threading.main_thread():
            for number in self._taken:
                if signal.getsignal(number) == self._on_signal:
                    signal.signal(number, signal.SIG_DFL)
            self._taken = []

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # First, so that a second signal ends the process at once.
        signal.signal(number, signal.SIG_DFL)
        try:
            self._action()
        finally:
            os.kill(os.getpid(), number)

    def _watch_children(self, util: ModuleType) -> None:
        """Children of `multiprocessing` end without `atexit`; they have finalizers of their own."""

        def add_finalizer(_: object) -> None:
            util.Finalize(None, self._action, exitpriority=-100)

        # A forked child forgets its parent's finalizers, then calls these.
        util.register_after_fork(self, add_finalizer)
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            add_finalizer(None)
