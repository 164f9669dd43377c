"""Starts threads of ours, which take no signal: signals are the program's.

The system hands a signal of the process to any thread that does not block it. A program that blocks one in its only
thread, to wait for it by `sigwait`, would be ended by it if ours did not block it too. And a system call that waits in
the main thread is interrupted only if that thread gets the signal.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

#: Raised by what a thread itself does; blocked, they end a process without a word of `faulthandler`.
_FAULTS = frozenset(
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS")
    if hasattr(signal, name)
)


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
