"""The signals that end a process, and how to let them wait."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Those that end a process by default without its `atexit` functions. SIGINT raises KeyboardInterrupt by default,
#: which comes to `atexit`; it is taken only where somebody has given it back its first meaning. Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))


@contextmanager
def held_back() -> Iterator[None]:
    """Let them wait in this thread, and in those that are started meanwhile; these never get any."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
