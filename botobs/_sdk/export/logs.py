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
    return 1000 + len(entry.body) + sum(map(_size, entry.attributes.values()))


def _size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return 150 + len(value)
    if isinstance(value, int):
        return 150 + value.bit_length() // 2
    if isinstance(value, Mapping):
        return 150 + sum(map(_size, value.values()))
    return 150 + sum(map(_size, value)) if isinstance(value, list | tuple) else 170
