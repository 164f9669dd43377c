"""The two engines that record spans and metrics: `stock`, OpenTelemetry's SDK, and `fast`, our own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import Sampler

from ..safe import Log
from .interface import Engine, Limits, Sink

if TYPE_CHECKING:
    from ..redaction import Redactor

__all__ = ["Engine", "Limits", "create_engine"]

_logger = Log("botobs")


def create_engine(
    name: str, resource: Resource, sampler: Sampler, sink: Sink, redactor: Redactor, limits: Limits
) -> Engine:
    """The engine called `name`: `stock` or `fast`.

    The fast one relies on the interpreter's lock and has none itself; a Python without that lock gets the stock one.
    The stock one builds on classes of the SDK; a release of it that has none of them gets the fast one.

    Raises:
        ImportError: Neither can run: a release without these classes, in a Python without that lock.
    """
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    if name != "fast" or not locked:
        try:
            from .stock import StockEngine

            return StockEngine(resource, sampler, sink, redactor, limits)
        except ImportError as error:
            if not locked:
                raise
            _logger.warning(
                "the engine is fast, as stock does not know this release of OpenTelemetry: %s", error
            )
    from .fast import FastEngine

    return FastEngine(resource, sampler, sink, redactor, limits)
