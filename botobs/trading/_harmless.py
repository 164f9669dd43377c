"""Reporting must never hurt what it reports on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

from .._sdk.safe import Log, described, let_pass

logger = Log("botobs.trading")

P = ParamSpec("P")

_failed: set[str] = set()


def harmless(report: Callable[P, None]) -> Callable[P, None]:
    """Make a reporting call that logs its first error instead of raising it, and keeps the later ones quiet."""

    @functools.wraps(report)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            report(*args, **kwargs)
        except BaseException as error:
            let_pass(error)
            if report.__qualname__ not in _failed:
                _failed.add(report.__qualname__)
                logger.warning("%s could not report: %s", report.__qualname__, described(error))

    return guarded


def forget() -> None:
    """Log the first error of each call again."""
    _failed.clear()
