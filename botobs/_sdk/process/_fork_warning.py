"""Python's warning about a fork beside threads, where all other threads are ours.

From Python 3.12 on, a fork of a process that has several threads warns: a lock that another thread holds is held for
ever in the child. Ours is started again there (`fork`). A program without threads of its own forks as well as it does
without botobs, and hears as little.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

#: What the names of our threads begin with.
_OURS = "botobs-"
_WARNS = sys.version_info >= (3, 12)


def expect() -> None:
    """Before a fork: silence the warning, if it turns out to be about us alone."""
    if _WARNS:
        forget()
        _filters().insert(0, _FILTER)


def forget() -> None:
    """Leave the program's filters as they were."""
    with contextlib.suppress(ValueError):
        _filters().remove(_FILTER)


class _Matcher:
    """What `warnings` asks, in the place of a regular expression, whether a filter fits a text."""

    def match(self, text: str) -> bool:
        fits = "is multi-threaded, use of fork" in text and _only_ours()
        if fits:
            forget()
        return fits


def _only_ours() -> bool:
    """Whether this thread is the only one that is not ours."""
    ours = sum(thread.name.startswith(_OURS) for thread in threading.enumerate())
    return _threads() - ours <= 1


def _threads() -> int:
    """Threads of this process as the system counts them, as the warning does where it can; `proc(5)`."""
    try:
        # After the name, which may contain anything and is in the last parentheses.
        return int(Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[17])
    except (OSError, ValueError, IndexError):
        return threading.active_count()


def _filters() -> list[Any]:
    """The filters in force; their type knows texts alone, `warnings` takes any object with `match`."""
    filters: Any = warnings.filters
    return filters  # type: ignore[no-any-return]


_FILTER = ("ignore", _Matcher(), DeprecationWarning, None, 0)
