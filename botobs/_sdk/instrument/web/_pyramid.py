"""Upstream's tween of Pyramid, which must not fail a request, nor replace what the service has raised."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import attach, detach, get_current

from ...patching.guard import never_raise, report

#: Where the outcome of a request stands in its environment.
_OUTCOME = "botobs.pyramid"
#: Where upstream keeps the span.
_SPAN = "opentelemetry-pyramid.span_key"


@dataclass(slots=True)
class _Outcome:
    """What the service has done with a request.

    Attributes:
        has_begun: Whether it has been asked.
        response: What it answered.
        error: What it raised.
    """

    has_begun: bool = False
    response: Any = None
    error: BaseException | None = None


def guard_tween(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    """Wrap `trace_tween_factory(handler, registry)`; the arguments are those that `wrapt` gives."""
    return _guarded(wrapped, *args, **kwargs)


def _guarded(
    factory: Callable[..., Any], handler: Callable[[Any], Any], registry: Any
) -> Callable[[Any], Any]:
    def noting(request: Any) -> Any:
        outcome = request.environ.get(_OUTCOME) or _Outcome()
        outcome.has_begun = True
        try:
            outcome.response = handler(request)
        except BaseException as error:
            outcome.error = error
            raise
        return outcome.response

    tween = factory(noting, registry)

    @functools.wraps(tween)
    def guarded(request: Any) -> Any:
        outcome = request.environ[_OUTCOME] = _Outcome()
        before = attach(get_current())
        try:
            return tween(request)
        except BaseException as error:
            if error is outcome.error or not isinstance(error, Exception):
                raise
            report("pyramid", error)
        finally:
            # Where the tween has failed, its span is still the current one.
            detach(before)
        _end_span(request)
        if outcome.error is not None:
            raise outcome.error
        return outcome.response if outcome.has_begun else handler(request)

    return guarded


@never_raise("pyramid")
def _end_span(request: Any) -> None:
    span = request.environ.get(_SPAN)
    if span is not None:
        span.end()
