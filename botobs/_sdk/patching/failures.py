"""Counts what went wrong inside instrumentations; `botobs.sdk.instrumentation.errors` shows the counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from ..safe import Log

_logger = Log("botobs")

#: Code that several instrumentations share counts under other names.
SHARED = ("database", "exchange", "http")

Listener = Callable[[str, str], None]
"""Called with the name of a library that cannot be watched, and why."""


def _log(library: str, detail: str) -> None:
    _logger.warning("%s is not watched: %s", library, detail)


_counts: dict[str, int] = {}
_lock = threading.Lock()
_listener: Listener = _log


def reset() -> None:
    """Count from zero, with a new lock."""
    global _counts, _lock
    _counts, _lock = {}, threading.Lock()


def listen(listener: Listener = _log) -> None:
    """Call `listener` for each library that is given up, in place of the log."""
    global _listener
    _listener = listener


def report(library: str) -> None:
    """Count one failure of the instrumentation of `library`."""
    with _lock:
        _counts[library] = _counts.get(library, 0) + 1


def give_up(library: str, detail: str) -> None:
    """Report that `library` is not watched although it should be; the caller has counted why."""
    _listener(library, detail)


def counts() -> Mapping[str, int]:
    """Failures since `reset`, by library."""
    with _lock:
        return dict(_counts)
