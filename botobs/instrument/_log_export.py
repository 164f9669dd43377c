"""Turns records of the logging libraries into what is exported: each once, and none of our own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from opentelemetry.trace import get_current_span

from ..export.logs import LogEntry
from ._guard import guarded

#: Loggers of the export itself, and of what it could use: their records would beget others.
_OURS = ("botobs", "opentelemetry", "urllib3")
_LONGEST_TEXT = 8192
_DEEPEST = 4
_LEVELS = logging.getLevelNamesMapping()

# A record that one library hands to another, as loguru's recipe for the standard library does, is exported once.
_handling: ContextVar[bool] = ContextVar("botobs_handling_log", default=False)


class LogExport:
    """Hands records over.

    Args:
        sink: Takes them, without blocking.
    """

    def __init__(self, sink: Callable[[LogEntry], None]) -> None:
        self._sink = sink

    @contextmanager
    def outermost(self) -> Iterator[bool]:
        """While a record is handled; whether no other library handles it already."""
        if _handling.get():
            yield False
            return
        token = _handling.set(True)
        try:
            yield True
        finally:
            _handling.reset(token)

    @guarded("logging")
    def send(
        self,
        logger: str,
        level: int,
        level_name: str,
        body: str,
        fields: Mapping[str, Any],
        created: float | None = None,
    ) -> None:
        """Hand a record over.

        Args:
            level: On the scale of the standard library.
            created: Seconds since the epoch; now by default.
        """
        if logger.partition(".")[0] in _OURS or context.get_value(_SUPPRESS_INSTRUMENTATION_KEY):
            return
        self._sink(
            LogEntry(
                int(created * 1e9) if created is not None else time.time_ns(),
                level,
                level_name,
                logger,
                body[:_LONGEST_TEXT],
                {str(name): _plain(value) for name, value in fields.items() if value is not None},
                get_current_span().get_span_context(),
            )
        )


def level_of(name: str) -> int:
    """The standard library's number of a level such as `warning`; that of `info` for others."""
    return _LEVELS.get(name.upper(), logging.ERROR if name == "exception" else logging.INFO)


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | bytes):
        return value[:_LONGEST_TEXT]
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(name): _plain(item, depth + 1) for name, item in value.items()}
    if depth < _DEEPEST and isinstance(value, Sequence) and not isinstance(value, bytearray):
        return [_plain(item, depth + 1) for item in value]
    return str(value)[:_LONGEST_TEXT]
