"""The standard library's logging: records that know their trace, their export, and two ready formatters.

The service's filters and handlers get the record that it has logged, with `trace_id`, `span_id` and `service` added.
What is exported is a copy without secrets. With the setting `redact_local_logs` the record itself is redacted first.

The upstream instrumentor is replaced, not extended: it sets its fields in the record factory, after which a service's
own `extra` of that name raises, and it redacts nothing. Here `Logger.handle` is patched, which every record passes
once, after the service's own fields are in and before any filter or handler sees it.

The export of logs is no handler of the root logger, as upstream's is: with one there, `logging.basicConfig` would do
nothing, `dictConfig` would remove it, and loggers that do not propagate would pass it by. It takes the records where
the filters have let them through and the handlers are called.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.trace import SpanContext

from ...export.logs import LogEntry, PlainRecord
from ...patching.guard import never_raise, report
from ...patching.patch import Patches
from ...redaction import MAX_BYTES
from ...safe import let_pass
from ..base import Telemetry
from ._context import SERVICE, SPAN_ID, TRACE_ID, LogContext, current_span_context
from ._export import LogExport
from ._redaction import RecordRedactor

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = frozenset({TRACE_ID, SPAN_ID, SERVICE})
_KNOWN = _STANDARD | _OURS
_TRACEBACKS = logging.Formatter()
#: Where the functions stand that take the place of `logging`'s, as far as tracebacks can tell: in its folder. What a
#: handler prints of its failure begins at the first frame that is not from there, which is the program's.
_BESIDE = str(Path(logging.__file__).with_name("botobs.py"))
#: Types of values that cannot change, and whose text is made without code of the service.
_PLAIN = frozenset({str, int, float, bool, type(None)})
#: Fields whose texts belong to a logger, a thread or a line of code.
_SHARED = _KNOWN - {"args", "exc_text", "message", "msg", "stack_info"}
#: Characters of the texts of a record that is read later, on the export thread.
_FEW = 4096


#: Of loggers whose records are full of secrets: what is exported in place of a record's arguments, given its message
#: and them; None if nothing may be.
EXPORTED: dict[str, Callable[[object, Any], Any]] = {}


class LoggingInstrumentation:
    """Watches `logging`."""

    name = "logging"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Stamp and redact every record from now on."""
        context = LogContext(telemetry)

        @never_raise(self.name)
        def redact(record: logging.LogRecord) -> bool:
            _redact(record, context.record())
            return True

        def hook(wrapped: Callable[..., None]) -> Callable[..., None]:
            def handle(logger: logging.Logger, record: logging.LogRecord) -> None:
                try:
                    context.stamp(vars(record))
                except BaseException as error:
                    let_pass(error)
                    report("logging", error)
                if context.redacts_local and not redact(record):
                    # Better an empty record than one with a secret in it.
                    record.msg, record.args, record.exc_info = "a record that could not be redacted", (), None
                wrapped(logger, record)

            return handle

        self._replace("handle", hook)
        if telemetry.logs is not None:
            self._export(LogExport(telemetry.logs, context))

    def _export(self, export: LogExport) -> None:
        def read(record: PlainRecord) -> LogEntry:
            copied = object.__new__(logging.LogRecord)
            vars(copied).update(record.values)
            return _entry(export, copied, record.span)

        def send(record: logging.LogRecord) -> None:
            if export.wants(record.name):
                span, values = current_span_context(), _plain(record)
                export.sink(
                    _entry(export, record, span)
                    if values is None
                    else PlainRecord(record.levelno, values, span, read)
                )

        def hook(wrapped: Callable[..., None]) -> Callable[..., None]:
            def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
                token = export.begin()
                if token is None:
                    wrapped(logger, record)
                    return
                try:
                    try:
                        send(record)
                    except BaseException as error:
                        let_pass(error)
                        report("logging", error)
                    wrapped(logger, record)
                finally:
                    export.end(token)

            return call_handlers

        self._replace("callHandlers", hook)

    def _replace(self, name: str, hook: Callable[[Callable[..., None]], Any]) -> None:
        def within(wrapped: Callable[..., None]) -> Callable[..., None]:
            function = hook(wrapped)
            function.__code__ = function.__code__.replace(co_filename=_BESIDE)
            return function  # type: ignore[no-any-return]

        self._patches.replace_method(logging.Logger, name, within)

    def uninstall(self) -> None:
        """Leave records alone again; a format that names our fields needs `defaults` from then on."""
        self._patches.undo()


def _plain(record: logging.LogRecord) -> dict[str, Any] | None:
    """A copy of all that a record holds, if it can be read on another thread: few texts and numbers, and no more."""
    if type(record) is not logging.LogRecord or record.name in EXPORTED:
        return None
    values = vars(record).copy()
    arguments = values.pop("args")
    if type(arguments) is not tuple or not _PLAIN.issuperset(map(type, values.values())):
        return None
    # What else there is, such as the path of the code, exists once for many records.
    size = 0
    for name in values.keys() - _SHARED:
        if type(name) is not str:
            return None
        value = values[name]
        size += len(name) + (len(value) if type(value) is str else 0)
    for value in arguments:
        if type(value) is str:
            size += len(value)
        elif type(value) not in _PLAIN:
            return None
    values["args"] = arguments
    return values if size <= _FEW else None


def _entry(export: LogExport, record: logging.LogRecord, span: SpanContext) -> LogEntry:
    fields = {name: value for name, value in vars(record).items() if name not in _KNOWN}
    fields |= {
        "code.file.path": record.pathname,
        "code.line.number": record.lineno,
        "code.function.name": record.funcName,
    }
    if record.exc_info and record.exc_info[0] is not None:
        fields["exception.type"] = record.exc_info[0].__qualname__
    if record.stack_info:
        fields["code.stacktrace"] = record.stack_info
    return export.entry(
        record.name,
        record.levelno,
        record.levelname,
        _message(record),
        fields,
        record.created,
        _exception(record),
        span,
    )


def _redact(record: logging.LogRecord, redactor: RecordRedactor) -> None:
    if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
        text = _TRACEBACKS.formatException(record.exc_info)
        redacted = redactor.traceback(text)
        if redacted != text:
            # Handlers that format the exception themselves would print its message as it is.
            record.exc_text, record.exc_info = redacted, None
    elif record.exc_text:
        record.exc_text = redactor.traceback(record.exc_text)
    if record.stack_info:
        record.stack_info = redactor.traceback(record.stack_info)
    fields = vars(record)
    for name in fields.keys() - _KNOWN:
        clean = redactor.printed(name, fields[name])
        if clean is not fields[name]:
            fields[name] = clean
    if isinstance(record.msg, str):
        _redact_message(record, redactor)
    else:
        record.msg = redactor.printed("message", record.msg)


def _redact_message(record: logging.LogRecord, redactor: RecordRedactor) -> None:
    """Redact what message and arguments make together; both stay as they are when there is nothing to hide."""
    try:
        message = record.getMessage()
    except Exception:
        # The handler is going to complain, and to print both parts.
        record.args = (redactor.message(_printed(record.args), MAX_BYTES // 2),)
        record.msg = redactor.message(record.msg)
        return
    redacted = redactor.message(message)
    if redacted != message:
        record.msg, record.args = redacted, ()


def _message(record: logging.LogRecord) -> object:
    arguments = EXPORTED.get(record.name)
    try:
        if arguments is not None:
            given = arguments(record.msg, record.args)
            return "a record that could not be redacted" if given is None else str(record.msg) % given
        return record.getMessage()
    except Exception:
        # The handlers report the error themselves. The message is exported without its arguments.
        return record.msg


def _printed(arguments: object) -> str:
    try:
        return str(arguments)
    except Exception:
        return "arguments that cannot be printed"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: timestamp, level, logger, message, trace and span, service, exception, own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; what JSON does not know is printed by `str`."""
        line: dict[str, Any] = {
            "timestamp": _timestamp(record).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields = vars(record)
        line |= {name: fields[name] for name in (SERVICE, TRACE_ID, SPAN_ID) if fields.get(name)}
        line |= {name: value for name, value in fields.items() if name not in _KNOWN}
        exception = _exception(record)
        if exception:
            line["exception"] = exception
        return json.dumps(line, default=str, ensure_ascii=False)


class ConsoleFormatter(logging.Formatter):
    """Formats records for people: time, level, logger, message, and the trace id at the end of the line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, its traceback on the following lines."""
        time = _timestamp(record).astimezone().strftime("%H:%M:%S.%f")[:-3]
        line = f"{time} {record.levelname:<8} {record.name}: {record.getMessage()}"
        trace_id = vars(record).get(TRACE_ID)
        if trace_id:
            line += f" trace_id={trace_id}"
        return "\n".join(part for part in (line, _exception(record), record.stack_info) if part)


def _timestamp(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _exception(record: logging.LogRecord) -> str | None:
    if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
        return _TRACEBACKS.formatException(record.exc_info)
    return record.exc_text
