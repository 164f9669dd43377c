"""What every log record gets, whichever library wrote it: where it belongs, and if asked for, no secrets."""

from __future__ import annotations

from typing import Any

from opentelemetry.trace import INVALID_SPAN_CONTEXT, Span, SpanContext

from ...context import SPAN_KEY, current
from ...redaction import Redactor
from ..base import Telemetry
from ._redaction import RecordRedactor

TRACE_ID = "trace_id"
SPAN_ID = "span_id"
SERVICE = "service"


def current_span_context() -> SpanContext:
    """The context of the current span, as `get_current_span` finds it."""
    span = current().get(SPAN_KEY)
    return span.get_span_context() if isinstance(span, Span) else INVALID_SPAN_CONTEXT


class LogContext:
    """Stamps and redacts on behalf of one installation.

    Attributes:
        redacts_local: Whether the service's own handlers get redacted records, too.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        settings = telemetry.settings
        self._redactor = Redactor(settings.redact, settings.redact_keys, settings.redact_keep)
        self._service = settings.service_name
        self.redacts_local = settings.redact_local_logs

    def fields(self) -> dict[str, str]:
        """`trace_id` and `span_id`, as hex and empty outside of a span, and `service`."""
        fields: dict[str, str] = {}
        self.stamp(fields)
        return fields

    def stamp(self, fields: dict[str, Any]) -> None:
        """Add them to the fields of a record. One of another process or thread, handled again here, has its own."""
        span = current_span_context()
        trace_id = span_id = ""
        if span.is_valid:
            trace_id, span_id = span.trace_id.to_bytes(16, "big").hex(), span.span_id.to_bytes(8, "big").hex()
        fields.setdefault(TRACE_ID, trace_id)
        fields.setdefault(SPAN_ID, span_id)
        fields.setdefault(SERVICE, self._service)

    def record(self) -> RecordRedactor:
        """Redacts one record."""
        return RecordRedactor(self._redactor)
