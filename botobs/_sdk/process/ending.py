"""The signals that end a process, and how to block them for a while."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Signals that end a process by default without its `atexit` functions. SIGINT raises KeyboardInterrupt by default,
#: after which `atexit` runs; it is handled only if it was set to SIG_DFL. Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))

#: Sets a handler, or `DEFAULT`. As `handler_of`, it compares nothing.
set_handler = _signal.signal
DEFAULT = _signal.SIG_DFL


def handler_of(number: int) -> Any:
    """The handler of a signal, None if it was not set by Python.

    `signal.getsignal` compares it with numbers first, and a handler of the program may raise when it is compared.
    """
    return _signal.getsignal(number)


def has_default(number: int) -> bool:
    """Whether a signal has its default action."""
    return handler_of(number) is DEFAULT


@contextmanager
def blocked_signals() -> Iterator[None]:
    """Block them in this thread, and for good in threads that it starts meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
