"""Log records of a test, through the OpenTelemetry SDK."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk._logs import LoggerProvider, export
from opentelemetry.sdk.resources import Resource

from .._sdk.engine.redact import redact_logs
from .._sdk.engine.values import sendable_attributes

if TYPE_CHECKING:
    from .._sdk.redaction import Redactor

#: Its second name is that of releases before 1.39.
_Exporter: Any = vars(export).get("InMemoryLogRecordExporter") or vars(export)["InMemoryLogExporter"]

#: What every record has; anything else was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SEVERITIES = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
    (logging.NOTSET, SeverityNumber.DEBUG),
)


class LogCapture(logging.Handler):
    """Takes what reaches the root logger, and what is sent to its provider."""

    def __init__(self, resource: Resource, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._exporter = _Exporter()
        self.provider = LoggerProvider(resource, shutdown_on_exit=False)
        self.provider.add_log_record_processor(export.SimpleLogRecordProcessor(self._exporter))

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Capture while the block runs."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; `logging` calls this."""
        fields = {
            name: value for name, value in vars(record).items() if name not in _STANDARD and value is not None
        }
        attributes = sendable_attributes(fields)
        attributes |= {"code.function.name": record.funcName, "code.file.path": record.filename}
        if record.exc_info and record.exc_info[1] is not None:
            kind, error, trace = record.exc_info
            attributes["exception.type"] = type(error).__qualname__
            attributes["exception.message"] = str(error)
            attributes["exception.stacktrace"] = "".join(traceback.format_exception(kind, error, trace))
        number = next(number for level, number in _SEVERITIES if record.levelno >= level)
        self.provider.get_logger(record.name).emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                severity_text=record.levelname,
                severity_number=number,
                body=record.getMessage(),
                attributes=attributes,
            )
        )

    def payload(self) -> bytes:
        """A redacted ExportLogsServiceRequest of all records so far."""
        request = encode_logs(self._exporter.get_finished_logs())
        redact_logs(request, self._redactor)
        payload: bytes = request.SerializeToString()
        return payload

    def clear(self) -> None:
        """Forget all records."""
        self._exporter.clear()
