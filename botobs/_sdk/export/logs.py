"""Log records that wait for the export, their size and their priority."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import SpanContext

from .priority import Priority

#: Levels of the standard library.
_ERROR, _INFO = 40, 20


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One log record, copied: nothing in it can be changed by the program any more.

    Attributes:
        time: Nanoseconds since the epoch.
        level: On the scale of the standard library.
        level_name: The name of the level, as the service calls it.
        logger: Name of the logger that wrote it.
        body: The message.
        attributes: Strings, numbers, booleans, and sequences and mappings of these.
        span: The span that was current when it was written.
    """

    time: int
    level: int
    level_name: str
    logger: str
    body: str
    attributes: Mapping[str, Any]
    span: SpanContext


@dataclass(slots=True)
class PlainRecord:
    """A log record of short texts and of numbers, in which nothing can change: what is exported of it is made later.

    Attributes:
        level: On the scale of the standard library.
        values: All that it holds.
        span: The span that was current when it was written.
        read: Makes the entry of it, on the export thread.
    """

    level: Any
    values: Mapping[str, Any]
    span: SpanContext
    read: Callable[[PlainRecord], LogEntry]


def priority_of(entry: LogEntry | PlainRecord) -> Priority:
    """The priority of a record: errors are critical, levels below INFO are bulk."""
    if entry.level >= _ERROR:
        return Priority.CRITICAL
    return Priority.NORMAL if entry.level >= _INFO else Priority.BULK


def size_of(entry: LogEntry | PlainRecord) -> int:
    """About how many bytes a record takes in memory."""
    if isinstance(entry, PlainRecord):
        return sum(map(_size, entry.values.values()))
    return 1000 + len(entry.body) + sum(map(_size, entry.attributes.values()))


def _size(value: Any) -> int:
    if type(value) is str:
        return 150 + len(value)
    if isinstance(value, str | bytes):
        return 150 + len(value)
    if isinstance(value, int):
        return 150 + value.bit_length() // 2
    if isinstance(value, Mapping):
        return 150 + sum(map(_size, value.values()))
    return 150 + sum(map(_size, value)) if isinstance(value, list | tuple) else 170
