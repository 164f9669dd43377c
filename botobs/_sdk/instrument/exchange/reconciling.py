"""Marks the calls of `trading.reconcile`: they are no trading, and do not count as the service's calls."""

from __future__ import annotations

import os
import threading

#: What `exchange.client` says of them.
CLIENT = "reconcile"

#: The threads that reconcile; each has its own client, and an asynchronous one its own event loop.
_threads: set[int] = set()

if hasattr(os, "register_at_fork"):
    # A thread of the child may get the number of one of the parent's.
    os.register_at_fork(after_in_child=_threads.clear)


def begin() -> None:
    """The running thread reconciles from here on."""
    _threads.add(threading.get_ident())


def end() -> None:
    """The running thread no longer reconciles."""
    _threads.discard(threading.get_ident())


def marked(who: tuple[str, str]) -> tuple[str, str]:
    """The exchange and client of a call of the running thread: `who`, unless that thread reconciles."""
    return (who[0], CLIENT) if _threads and threading.get_ident() in _threads else who
