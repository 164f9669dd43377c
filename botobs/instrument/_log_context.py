"""What every log record gets, whichever library wrote it: where it belongs, and no secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import get_current_span

from ..redaction import Redactor
from ._base import Telemetry

TRACE_ID = "trace_id"
SPAN_ID = "span_id"
SERVICE = "service"

_COLORS = re.compile(r"\x1b\[[0-9;]*m")


class LogContext:
    """Stamps and redacts on behalf of one installation."""

    def __init__(self, telemetry: Telemetry) -> None:
        settings = telemetry.settings
        self._redactor = Redactor(settings.redact, settings.redact_keys)
        self._service = settings.service_name

    def fields(self) -> dict[str, str]:
        """`trace_id` and `span_id`, as hex and empty outside of a span, and `service`."""
        span = get_current_span().get_span_context()
        if not span.is_valid:
            return {TRACE_ID: "", SPAN_ID: "", SERVICE: self._service}
        return {TRACE_ID: f"{span.trace_id:032x}", SPAN_ID: f"{span.span_id:016x}", SERVICE: self._service}

    def text(self, text: str) -> str:
        """`text` without secrets; without colors too when they stood in the way."""
        redacted = self._redactor.text(text)
        if "\x1b[" in text:
            # Codes between a name and its value hide the pair.
            plain = _COLORS.sub("", text)
            if self._redactor.text(plain) != plain:
                return self._redactor.text(plain)
        return redacted

    def value(self, name: str, value: Any) -> Any:
        """A field's value without secrets; objects that are not plain data are left to whoever prints them."""
        if isinstance(value, str | bytes | Mapping | list | tuple):
            return self._redactor.attribute(name, value)
        return value
