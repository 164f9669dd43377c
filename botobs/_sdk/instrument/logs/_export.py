"""Exports records of the logging libraries: each once, and none of botobs itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

from opentelemetry.trace import SpanContext

from ...context import exporting
from ...export.logs import LogEntry, PlainRecord
from ...patching.guard import never_raise, report
from ...redaction import CUT_MARGIN
from ...safe import text_of
from ._context import LogContext, current_span_context
from ._redaction import RecordRedactor, pairs_of

#: Loggers of the export itself: their records would beget others.
_OURS = ("botobs", "opentelemetry")
#: Characters of a text that are looked at; of a longer one `CUT_MARGIN` less are exported.
_LONGEST_TEXT = 8192 + CUT_MARGIN
_LONGEST_NAME = 1024
_DEEPEST = 4
#: Fields that are handed on at once; most records have fewer.
_FEW = 32
_PLAIN = frozenset({str, int, float, bool, type(None)})
_LEVELS = logging.getLevelNamesMapping()


class _Handling:
    """One record on its way through the handlers; what a handler has started may outlive it, with it in its context."""

    __slots__ = ("over",)

    def __init__(self) -> None:
        self.over = False


# A record that one library hands to another, as loguru's recipe for the standard library does, is exported once.
_handling: ContextVar[_Handling | None] = ContextVar("botobs_handling_log", default=None)


class LogExport:
    """Passes log records to the export.

    Args:
        sink: Takes them, without blocking.
        context: Redacts what is about to be cut. All is redacted again on the export thread, but to that a secret
            whose end is missing may look like none.
    """

    def __init__(self, sink: Callable[[LogEntry | PlainRecord], None], context: LogContext) -> None:
        self.sink = sink
        self._context = context

    @contextmanager
    def outermost(self) -> Iterator[bool]:
        """While a record is handled; whether no other library handles it already."""
        token = self.begin()
        try:
            yield token is not None
        finally:
            if token is not None:
                self.end(token)

    def begin(self) -> Token[Any] | None:
        """Note that a record is handled from now on; what `end` wants, None if another library handles it already."""
        known = _handling.get()
        return _handling.set(_Handling()) if known is None or known.over else None

    def end(self, token: Token[Any]) -> None:
        """Note that the record has been handled."""
        handling = _handling.get()
        if handling is not None:
            handling.over = True
        _handling.reset(token)

    def wants(self, logger: str) -> bool:
        """Whether what the logger of this name writes now is exported."""
        ours = logger.startswith(_OURS) and logger.partition(".")[0] in _OURS
        return not ours and not exporting.get()

    @never_raise("logging")
    def send(
        self,
        logger: str,
        level: int,
        level_name: str,
        body: Any,
        fields: Mapping[str, Any],
        created: float | None = None,
        stacktrace: str | None = None,
        span: SpanContext | None = None,
    ) -> None:
        """Pass a record to the export.

        Args:
            level: On the scale of the standard library.
            created: Seconds since the epoch; now by default.
            stacktrace: Of its exception.
            span: The span that it belongs to; the current one by default.
        """
        if self.wants(logger):
            self.sink(self.entry(logger, level, level_name, body, fields, created, stacktrace, span))

    def entry(
        self,
        logger: str,
        level: int,
        level_name: str,
        body: Any,
        fields: Mapping[str, Any],
        created: float | None = None,
        stacktrace: str | None = None,
        span: SpanContext | None = None,
    ) -> LogEntry:
        """What is exported of a record; see `send`."""
        reader = _Reader(self._context.record())
        attributes: dict[str, Any] = {}
        if stacktrace is not None:
            attributes["exception.stacktrace"] = reader.traceback(stacktrace)
        if reader.are_plain(fields):
            attributes |= {name: value for name, value in fields.items() if value is not None}
        else:
            for name, value in fields.items():
                if value is not None:
                    printed = _printed(name)
                    attributes[printed[:_LONGEST_NAME]] = reader.field(printed, value)
        return LogEntry(
            int(created * 1e9) if created is not None else time.time_ns(),
            level,
            level_name,
            logger,
            reader.redactor.exported("", _printed(body), _LONGEST_TEXT),
            attributes,
            span or current_span_context(),
        )


def level_of(name: str) -> int:
    """The standard library's number of a level such as `warning`; that of `info` for others."""
    return _LEVELS.get(name.upper(), logging.ERROR if name == "exception" else logging.INFO)


class _Reader:
    """Makes of a record's fields what can be exported, and of no more of them than `RecordRedactor` looks at."""

    def __init__(self, redactor: RecordRedactor) -> None:
        self.redactor = redactor

    def are_plain(self, fields: Mapping[str, Any]) -> bool:
        """Whether all fields can be handed to the export thread as they are: few, short and of plain types."""
        if len(fields) > _FEW or not _PLAIN.issuperset(map(type, fields.values())):
            return False
        if not {str}.issuperset(map(type, fields)):
            return False
        texts = [*fields, *[value for value in fields.values() if type(value) is str]]
        return sum(map(len, texts)) <= _LONGEST_NAME and self.redactor.fits("".join(texts), _LONGEST_NAME)

    def field(self, name: str, value: Any) -> Any:
        """A text, number or truth value, or a sequence or mapping of such."""
        try:
            with self.redactor.half():
                return self._read(name, value, 0)
        except Exception as error:
            report("logging", error)
            return f"<{type(value).__name__} that cannot be read>"

    def traceback(self, text: str) -> str:
        """A traceback, of a long one the first and the last lines."""
        whole = len(text) <= _LONGEST_TEXT and text.isascii() and "\x1b[" not in text
        return text if whole else self.redactor.traceback(text)

    def _read(self, name: str, value: Any, depth: int) -> Any:
        # The type and not `isinstance`, which asks the object what it wants to be.
        kind = type(value)
        if issubclass(kind, bool | int | float):
            return value
        if issubclass(kind, bytes):
            return value[:_LONGEST_TEXT]
        if depth < _DEEPEST and issubclass(kind, Mapping):
            pairs = [
                (name, self._read(name, item, depth + 1))
                for name, item in (
                    (_printed(key), item) for key, item in self.redactor.items(pairs_of(value))
                )
            ]
            cut = len(value) - len(pairs)
            return {key[:_LONGEST_NAME]: item for key, item in pairs} | (
                {"[cut]": f"{cut} items"} if cut else {}
            )
        if depth < _DEEPEST and issubclass(kind, Sequence) and not issubclass(kind, str | bytearray):
            items = [self._read(name, item, depth + 1) for item in self.redactor.items(value)]
            return items if len(items) == len(value) else [*items, f"[{len(value) - len(items)} items cut]"]
        # Of what is deeper a bounded part is printed: a few lists that hold one another can have a text without end.
        text = text_of(value) if issubclass(kind, list | tuple | dict) else _printed(value)
        return self.redactor.exported(name, text, _LONGEST_TEXT)


def _printed(value: Any) -> str:
    if issubclass(type(value), str):
        return str.__str__(value)
    try:
        return str(value)
    except Exception as error:
        report("logging", error)
        return f"<{type(value).__name__} that cannot be printed>"
