"""Hooks that run in a forked child before its own code.

They run in the order in which they were added, in the one thread that the child has.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from . import _fork_warning
from .ending import ENDING

_hooks: list[Callable[[], None]] = []
_registered = False
_masks = threading.local()


def after_in_child(hook: Callable[[], None]) -> None:
    """Run `hook` in every forked child from now on; adding it twice has no effect."""
    global _registered
    if not _registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before, after_in_parent=_unblock_signals, after_in_child=_run)
        _registered = True
    if hook not in _hooks:
        _hooks.append(hook)


def remove(hook: Callable[[], None]) -> None:
    """Stop running `hook` after a fork."""
    if hook in _hooks:
        _hooks.remove(hook)


def _before() -> None:
    if _hooks:
        _fork_warning.expect()
        _block_signals()


def _run() -> None:
    try:
        _fork_warning.forget()
        for hook in tuple(_hooks):
            hook()
    finally:
        _unblock_signals()


def _block_signals() -> None:
    # The first thing that Python does in a child is to discard signals whose handlers have not run yet. A signal that
    # arrives before that would be lost, where its default action would have ended the child. So they are blocked.
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def _unblock_signals() -> None:
    before = _masks.__dict__.pop("before", None)
    if before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
