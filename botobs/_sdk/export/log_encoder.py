"""Encodes log records as OTLP.

Imported by `init`, and only when logs are exported: OpenTelemetry's modules for them take time to import, and cannot
be imported once the process has begun to end, when the last records are encoded.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from ..engine.redact import redact_logs
from ..engine.values import sendable_attributes
from ..redaction import Redactor
from ..safe import nanoseconds, sendable
from .logs import LogEntry


class LogEncoder:
    """Encodes log records on the export thread.

    Attributes:
        resource: The process that the records come from.
    """

    def __init__(self, resource: Resource, redactor: Redactor) -> None:
        self.resource = resource
        self._redactor = redactor

    def encode(self, entries: Sequence[LogEntry]) -> bytes:
        """A redacted ExportLogsServiceRequest.

        Raises:
            Exception: One of the records cannot be encoded.
        """
        request = encode_logs([self._record(entry) for entry in entries])
        redact_logs(request, self._redactor)
        return bytes(request.SerializeToString())

    def _record(self, entry: LogEntry) -> ReadableLogRecord:
        record = LogRecord(
            timestamp=nanoseconds(entry.time),
            observed_timestamp=nanoseconds(entry.time),
            context=set_span_in_context(NonRecordingSpan(entry.span)),
            severity_text=sendable(entry.level_name),
            severity_number=_severity(entry.level),
            body=sendable(entry.body),
            attributes=sendable_attributes(entry.attributes),
        )
        return ReadableLogRecord(record, self.resource, InstrumentationScope(sendable(entry.logger)))


def _severity(level: int) -> SeverityNumber:
    """OpenTelemetry's number: 1 to 4 for traces, then four each for debug, info, warning, error and fatal."""
    step = max(0, min(level, 59))
    return SeverityNumber(1 + step // 10 * 4 + step % 10 * 4 // 10)
