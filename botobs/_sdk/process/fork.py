"""What a forked child does before its own code runs.

The hooks run in the order in which they were added, after the child has only the thread that forked.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from .ending import ENDING

_hooks: list[Callable[[], None]] = []
_registered = False
_masks = threading.local()


def after_in_child(hook: Callable[[], None]) -> None:
    """Run `hook` in every forked child from now on; a hook that is there already stays once."""
    global _registered
    if not _registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_come, after_in_child=_run)
        _registered = True
    if hook not in _hooks:
        _hooks.append(hook)


def remove(hook: Callable[[], None]) -> None:
    """Run `hook` no more."""
    if hook in _hooks:
        _hooks.remove(hook)


def _run() -> None:
    try:
        for hook in tuple(_hooks):
            hook()
    finally:
        _let_signals_come()


def _hold_signals() -> None:
    # Python's first act in a child is to forget the signals that its handlers are still to be run for. Those that come
    # before would be lost, where their default action would have ended the child; they wait instead.
    if _hooks:
        _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def _let_signals_come() -> None:
    before = _masks.__dict__.pop("before", None)
    if before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
