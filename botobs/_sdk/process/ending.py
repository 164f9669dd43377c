"""The signals that end a process, and how to block them for a while."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Signals that end a process by default without its `atexit` functions. SIGINT raises KeyboardInterrupt by default,
#: after which `atexit` runs; it is handled only if it was set to SIG_DFL. Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))


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
