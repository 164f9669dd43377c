"""What every log record gets, whichever library wrote it: where it belongs, and if asked for, no secrets."""

from __future__ import annotations

from opentelemetry.trace import get_current_span

from ...redaction import Redactor
from ..base import Telemetry
from ._redaction import RecordRedactor

TRACE_ID = "trace_id"
SPAN_ID = "span_id"
SERVICE = "service"


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
        span = get_current_span().get_span_context()
        if not span.is_valid:
            return {TRACE_ID: "", SPAN_ID: "", SERVICE: self._service}
        return {TRACE_ID: f"{span.trace_id:032x}", SPAN_ID: f"{span.span_id:016x}", SERVICE: self._service}

    def record(self) -> RecordRedactor:
        """Redacts one record."""
        return RecordRedactor(self._redactor)
