"""Reporting must never hurt what it reports on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from .._sdk import safe
from .._sdk.safe import Log, described

logger = Log("botobs.trading")

P = ParamSpec("P")

_failed: set[str] = set()


def never_raise(report: Callable[P, None]) -> Callable[P, None]:
    """Make a reporting call that logs its first error instead of raising it, and keeps the later ones quiet."""
    return safe.never_raise(on_error=_log_first)(report)


def _log_first(
    report: Callable[..., Any], error: BaseException, _: tuple[Any, ...], __: dict[str, Any]
) -> None:
    if report.__qualname__ not in _failed:
        _failed.add(report.__qualname__)
        logger.warning("%s could not report: %s", report.__qualname__, described(error))


def forget() -> None:
    """Log the first error of each call again."""
    _failed.clear()
