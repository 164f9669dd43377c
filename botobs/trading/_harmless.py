"""Reporting must never hurt what it reports on."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

logger = logging.getLogger("botobs.trading")

P = ParamSpec("P")

_failed: set[str] = set()


def harmless(report: Callable[P, None]) -> Callable[P, None]:
    """Make a reporting call that logs its first error instead of raising it, and keeps the later ones quiet."""

    @functools.wraps(report)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            report(*args, **kwargs)
        except Exception as error:
            if report.__qualname__ not in _failed:
                _failed.add(report.__qualname__)
                logger.warning(
                    "%s could not report: %s: %s", report.__qualname__, type(error).__name__, error
                )

    return guarded


def forget() -> None:
    """Log the first error of each call again."""
    _failed.clear()
