"""Counts what went wrong inside instrumentations; `botobs.sdk.instrumentation.errors` shows the counts."""

from __future__ import annotations

import threading
from collections.abc import Mapping

_counts: dict[str, int] = {}
_lock = threading.Lock()


def report(library: str) -> None:
    """Count one failure of the instrumentation of `library`."""
    with _lock:
        _counts[library] = _counts.get(library, 0) + 1


def counts() -> Mapping[str, int]:
    """Failures since the process started, by library."""
    with _lock:
        return dict(_counts)
