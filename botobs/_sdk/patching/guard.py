"""Keeps our own mistakes out of the libraries that are watched, and counts them."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from .. import safe
from ..safe import Log, class_name, traceback_of
from . import failures

_logger = Log(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# A mistake in what watches `logging` would be reported by a record that makes the same mistake again.
_reporting: ContextVar[bool] = ContextVar("botobs_reporting", default=False)


def report(library: str, error: BaseException) -> None:
    """Count a mistake; the log says where it was but not what it said, which may quote a payload."""
    failures.report(library)
    if _reporting.get():
        return
    token = _reporting.set(True)
    try:
        _log(library, error)
    finally:
        _reporting.reset(token)


def _log(library: str, error: BaseException) -> None:
    trace = traceback_of(error)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = (
        f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "an unknown place"
    )
    _logger.debug("%s in %s while watching %s", class_name(type(error)), where, library)


def never_raise(library: str | Callable[..., str]) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a function of ours return None where it would raise.

    Args:
        library: Whose instrumentation is at work; or a function that returns it for the same arguments.
    """

    def count(
        _: Callable[..., Any], error: BaseException, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        report(library if isinstance(library, str) else library(*args, **kwargs), error)

    return safe.never_raise(on_error=count)
