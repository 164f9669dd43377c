"""Encodes log records as OTLP, by OTLP's own messages: OpenTelemetry's encoder and classes for logs differ by release.

Imported by `init`, and only when logs are exported: these modules take time to import, and cannot be imported once the
process has begun to end, when the last records are encoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.sdk.resources import Resource

from ..engine.redact import redact_logs
from ..engine.values import sendable_attributes
from ..redaction import Redactor
from ..safe import nanoseconds, sendable
from ..turns import in_turns
from .logs import LogEntry, PlainRecord


class LogEncoder:
    """Encodes log records on the export thread.

    Attributes:
        resource: The process that the records come from.
    """

    def __init__(self, resource: Resource, redactor: Redactor) -> None:
        self.resource = resource
        self._redactor = redactor

    def encode(self, records: Sequence[LogEntry | PlainRecord]) -> bytes:
        """A redacted ExportLogsServiceRequest.

        Raises:
            Exception: One of the records cannot be encoded.
        """
        scopes: dict[str, list[LogRecord]] = {}
        for record in in_turns(records):
            entry = record.read(record) if isinstance(record, PlainRecord) else record
            scopes.setdefault(sendable(entry.logger), []).append(_record(entry))
        logs = ResourceLogs(
            resource=ResourceMessage(attributes=_pairs(self.resource.attributes)),
            scope_logs=[
                ScopeLogs(scope=InstrumentationScope(name=name), log_records=records)
                for name, records in scopes.items()
            ],
            schema_url=self.resource.schema_url,
        )
        request = ExportLogsServiceRequest(resource_logs=[logs])
        redact_logs(request, self._redactor)
        return bytes(request.SerializeToString())


def _record(entry: LogEntry) -> LogRecord:
    time, span = nanoseconds(entry.time) or 0, entry.span
    return LogRecord(
        time_unix_nano=time,
        observed_time_unix_nano=time,
        trace_id=span.trace_id.to_bytes(16, "big") if span.trace_id else b"",
        span_id=span.span_id.to_bytes(8, "big") if span.span_id else b"",
        flags=int(span.trace_flags),
        severity_text=sendable(entry.level_name),
        severity_number=_severity(entry.level),
        body=_value(sendable(entry.body)),
        attributes=_pairs(sendable_attributes(entry.attributes)),
    )


def _pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in attributes.items()]


def _value(value: Any) -> AnyValue:
    """An `AnyValue`; without contents for None.

    Raises:
        TypeError: OTLP has no such value.
    """
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=_pairs(value)))
    if isinstance(value, Sequence):
        return AnyValue(array_value=ArrayValue(values=[_value(item) for item in value]))
    raise TypeError(f"OTLP has no value of the type {type(value).__name__}")


def _severity(level: int) -> Any:
    """OpenTelemetry's `SeverityNumber`: 1 to 4 for traces, then four each for debug, info, warning, error and fatal."""
    step = max(0, min(level, 59))
    return 1 + step // 10 * 4 + step % 10 * 4 // 10
