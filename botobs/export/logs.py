"""Log records on their way to the collector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import SpanContext

from .lanes import Lane

#: Levels of the standard library.
_ERROR, _INFO = 40, 20


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record, with nothing in it that the program may still change.

    Attributes:
        time: Nanoseconds since the epoch.
        level: On the scale of the standard library.
        level_name: As the service calls it.
        logger: Who wrote it.
        attributes: Texts, numbers, truth values, and sequences and mappings of such.
        span: That it was written in.
    """

    time: int
    level: int
    level_name: str
    logger: str
    body: str
    attributes: Mapping[str, Any]
    span: SpanContext


def lane_of(entry: LogEntry) -> Lane:
    """Errors go last when not all can be kept, and what is for debugging first."""
    if entry.level >= _ERROR:
        return Lane.CRITICAL
    return Lane.NORMAL if entry.level >= _INFO else Lane.BULK


def size_of(entry: LogEntry) -> int:
    """About how many bytes a record takes in memory."""
    return 1000 + len(entry.body) + sum(150 + len(str(value)) for value in entry.attributes.values())
