"""Keeps our own mistakes out of the libraries that are watched, and counts them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..safe import Log, class_name, let_pass, traceback_of
from . import failures

_logger = Log(__name__)

P = ParamSpec("P")
R = TypeVar("R")


def report(library: str, error: BaseException) -> None:
    """Count a mistake; the log says where it was but not what it said, which may quote a payload."""
    trace = traceback_of(error)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = (
        f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "an unknown place"
    )
    _logger.debug("%s in %s while watching %s", class_name(type(error)), where, library)
    failures.report(library)


def guarded(library: str | Callable[..., str]) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a function of ours return None where it would raise.

    Args:
        library: Whose instrumentation is at work; or a function that tells it from the same arguments.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                # It may come from an object of the service's, which may raise anything when it is looked at.
                let_pass(error)
                report(library if isinstance(library, str) else library(*args, **kwargs), error)
                return None

        return call

    return decorate
