"""Starts threads of ours, which take no signal: signals are the program's.

The system hands a signal of the process to any thread that does not block it. A program that blocks one in its only
thread, to wait for it by `sigwait`, would be ended by it if ours did not block it too. And a system call that waits in
the main thread is interrupted only if that thread gets the signal.
"""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

#: Raised by what a thread itself does; blocked, they end a process without a word of `faulthandler`.
_FAULTS = frozenset(
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS")
    if hasattr(signal, name)
)


#: As it was when botobs was imported.
_start_new_thread = _thread.start_new_thread


class OwnThread(threading.Thread):
    """A daemon thread that ends without a word, even if gevent has taken the place of `threading` meanwhile.

    Args:
        target: What it runs.
        name: Its name.
    """

    def __init__(self, target: Callable[[], object], name: str) -> None:
        super().__init__(target=target, name=name, daemon=True)

    def _delete(self) -> None:
        # It is looked for under the number that gevent gives it.
        with suppress(KeyError):
            super()._delete()  # type: ignore[misc]


def are_replaced() -> bool:
    """Whether threads that are started now are gevent's, although botobs has begun with the system's.

    In a forked child such a thread breaks the event loop of gevent, which is not made anew before the hooks have run.
    """
    return _thread.start_new_thread is not _start_new_thread


def forget() -> None:
    """At the end of a thread that `threading` has not started: it keeps for good what it took that for, up to 3.12."""
    getattr(threading, "_active", {}).pop(_thread.get_ident(), None)


def start(starting: Callable[[], object]) -> None:
    """Call what starts a thread, such as `thread.start`; the thread inherits what is blocked meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        starting()
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _FAULTS)
    try:
        starting()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
