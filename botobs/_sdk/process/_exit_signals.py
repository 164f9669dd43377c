"""Runs an action before a signal ends the process by its default action."""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from ..patching.patch import Patches
from ..safe import never_raise
from .ending import DEFAULT, ENDING, blocked_signals, handler_of, has_default, set_handler


def handles_sigterm() -> bool:
    """Whether code runs at SIGTERM: ours, or a handler of the program, after which `atexit` runs."""
    return not has_default(signal.SIGTERM)


class DefaultSignals:
    """Runs `action` before a signal ends the process by its default action.

    Where the program has a handler, set before or later, that handler decides, and `atexit` runs if the process ends.
    Where the program sets the default action again, our handler is installed again. `signal.getsignal` and
    `signal.signal` return what they would without us: the default action where our handler stands.

    A Python handler runs in the main thread between two instructions: a process whose main thread is inside a C
    function that continues when interrupted ends when that function returns. A way around needs a file descriptor that
    the signal writes to; in a program that closes all descriptors, as daemons do, those bytes would end up in one of
    its own files.
    """

    def __init__(self, action: Callable[[], Any]) -> None:
        self._action = action
        self._active = False
        self._patches = Patches("signal")
        # One object, compared by identity: handlers of the program may define equality as they like.
        self._handler = self._on_signal

    def take(self) -> None:
        """Install the handler for signals that have their default action; does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._active = True
        caught = _caught()
        for number in ENDING:
            # A handler in C, such as faulthandler's, is the program's although Python does not know it.
            if not caught >> (number - 1) & 1:
                self._take(number)
        self._patches.replace(signal, "signal", self._wrap_signal(signal.signal))
        self._patches.replace(signal, "getsignal", self._wrap_getsignal(signal.getsignal))

    def give_back(self) -> None:
        """Restore the default action, if this is the main thread."""
        self._active = False
        self._patches.undo()
        if threading.current_thread() is not threading.main_thread():
            return
        # A signal whose handler is removed before it runs would be lost.
        with blocked_signals():
            for number in ENDING:
                if handler_of(number) is self._handler:
                    set_handler(number, DEFAULT)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # First, so that a second signal ends the process at once.
        set_handler(number, DEFAULT)
        try:
            self._action()
        finally:
            os.kill(os.getpid(), number)

    @never_raise
    def _take(self, number: Any) -> None:
        if self._active and number in ENDING and has_default(number):
            set_handler(number, self._handler)

    def _wrap_signal(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def set_handler_of_program(signalnum: Any, handler: Any) -> Any:
            try:
                return self._shown(original(signalnum, handler))
            finally:
                # It may have been set even if the call raises: `signal.signal` compares the one before with numbers.
                self._take(signalnum)

        return set_handler_of_program

    def _wrap_getsignal(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def get_handler(signalnum: Any) -> Any:
            return self._shown(original(signalnum))

        return get_handler

    def _shown(self, handler: Any) -> Any:
        return signal.SIG_DFL if handler is self._handler else handler


def _caught() -> int:
    """The signals that have a handler in this process, one bit each from signal 1 on; 0 where Linux' `/proc` is not."""
    try:
        status = Path("/proc/self/status").read_bytes()
        return int(status.partition(b"\nSigCgt:")[2].split()[0], 16)
    except (OSError, ValueError, IndexError):
        return 0
