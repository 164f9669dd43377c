"""Signals that end a process by default: something is done before they do."""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..patching.patch import Patches
from .ending import ENDING, held_back


def can_be_told() -> bool:
    """Whether code runs at SIGTERM: ours, or a handler of the program, whose end comes to `atexit`."""
    return _getsignal(signal.SIGTERM) is not signal.SIG_DFL


class DefaultSignals:
    """Runs `action` before a signal ends the process by its default action.

    Where the program has a handler, whether it was there before or comes later, that handler decides, and a process
    that ends comes to `atexit`. Where the program gives a signal its default action back, the signal is taken again,
    and `signal.getsignal` says what the program has asked for.

    A handler of Python runs in the main thread, between two of its instructions: a process whose main thread is inside
    a function of C that goes on when it is interrupted ends when that function returns. A way around needs a file
    descriptor that the signal writes to; in a program that closes all descriptors, as daemons do, those bytes would
    end up in a file of its own.
    """

    def __init__(self, action: Callable[[], Any]) -> None:
        self._action = action
        self._taking = False
        self._asked: set[int] = set()
        self._patches = Patches("signal")

    def take(self) -> None:
        """Take those that have their default action."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._taking = True
        for number in ENDING:
            if _getsignal(number) is signal.SIG_DFL:
                _signal(number, self._on_signal)
        self._patches.replace(signal, "signal", self._follow(signal.signal))
        self._patches.replace(signal, "getsignal", self._show(signal.getsignal))

    def give_back(self) -> None:
        """Give them their default action again, where the calling thread may do that."""
        self._taking = False
        self._patches.undo()
        if threading.current_thread() is not threading.main_thread():
            return
        # One that finds its handler gone would be lost.
        with held_back():
            for number in ENDING:
                if _getsignal(number) == self._on_signal:
                    _signal(number, signal.SIG_DFL)
        self._asked.clear()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # First, so that a second signal ends the process at once.
        _signal(number, signal.SIG_DFL)
        try:
            self._action()
        finally:
            os.kill(os.getpid(), number)

    def _follow(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def set_handler(number: Any, handler: Any, /) -> Any:
            # Theirs first: what it raises is theirs.
            previous = self._shown(number, original(number, handler))
            self._asked.discard(number)
            if self._taking and number in ENDING and _getsignal(number) is signal.SIG_DFL:
                original(number, self._on_signal)
                self._asked.add(number)
            return previous

        return set_handler

    def _show(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def get_handler(number: Any, /) -> Any:
            return self._shown(number, original(number))

        return get_handler

    def _shown(self, number: int, handler: Any) -> Any:
        return signal.SIG_DFL if number in self._asked and handler == self._on_signal else handler


_signal, _getsignal = signal.signal, signal.getsignal
