"""What `force_flush` of the global providers does: `botobs.flush`, while botobs runs."""

from __future__ import annotations

from collections.abc import Callable

#: Sends what was recorded so far within some seconds; set while botobs runs.
_flush: Callable[[float], bool] | None = None


def flush(seconds: float) -> bool:
    """Send what was recorded so far; whether all of it was acknowledged, or there is nobody to send it."""
    return _flush is None or _flush(seconds)


def set_flush(function: Callable[[float], bool] | None) -> None:
    """Say how to send what was recorded; None when botobs has ended."""
    global _flush
    _flush = function
