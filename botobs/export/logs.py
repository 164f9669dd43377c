"""Log records on their way to the collector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

from ..engine._redact import redact_logs
from .lanes import Lane

if TYPE_CHECKING:
    from ..redaction import Redactor

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


class LogEncoder:
    """Makes requests of records; on the export thread.

    Attributes:
        resource: Who sends them.
    """

    def __init__(self, resource: Resource, redactor: Redactor) -> None:
        self.resource = resource
        self._redactor = redactor

    def encode(self, entries: Sequence[LogEntry]) -> bytes:
        """A redacted ExportLogsServiceRequest."""
        # Most services export no logs, and upstream's part for them takes time to import.
        from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs

        request = encode_logs([self._record(entry) for entry in entries])
        redact_logs(request, self._redactor)
        return bytes(request.SerializeToString())

    def _record(self, entry: LogEntry) -> Any:
        from opentelemetry._logs import LogRecord
        from opentelemetry.sdk._logs import ReadableLogRecord

        record = LogRecord(
            timestamp=entry.time,
            observed_timestamp=entry.time,
            context=set_span_in_context(NonRecordingSpan(entry.span)),
            severity_text=entry.level_name,
            severity_number=_severity(entry.level),
            body=entry.body,
            attributes=entry.attributes,
        )
        return ReadableLogRecord(record, self.resource, InstrumentationScope(entry.logger))


def _severity(level: int) -> Any:
    """OpenTelemetry's number: 1 to 4 for traces, then four each for debug, info, warning, error and fatal."""
    from opentelemetry._logs import SeverityNumber

    step = max(0, min(level, 59))
    return SeverityNumber(1 + step // 10 * 4 + step % 10 * 4 // 10)
