"""What a forked child does before its own code runs.

The hooks run in the order in which they were added, after the child has only the thread that forked.
"""

from __future__ import annotations

import os
from collections.abc import Callable

_hooks: list[Callable[[], None]] = []
_registered = False


def after_in_child(hook: Callable[[], None]) -> None:
    """Run `hook` in every forked child from now on; a hook that is there already stays once."""
    global _registered
    if not _registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_run)
        _registered = True
    if hook not in _hooks:
        _hooks.append(hook)


def remove(hook: Callable[[], None]) -> None:
    """Run `hook` no more."""
    if hook in _hooks:
        _hooks.remove(hook)


def _run() -> None:
    for hook in tuple(_hooks):
        hook()
