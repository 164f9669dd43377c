"""The global logger provider of OpenTelemetry's Logs API: log-based events, and exceptions that frameworks emit so.

Imported only where logs are exported: OpenTelemetry's modules for logs take time to import.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import _logs
from opentelemetry._logs import Logger, LoggerProvider, LogRecord, NoOpLogger
from opentelemetry.trace import get_current_span

from ...export.logs import LogEntry, PlainRecord
from ...patching.guard import never_raise
from ...upstream import global_provider
from ..base import Telemetry
from ._context import LogContext
from ._export import LogExport

_LIBRARY = "opentelemetry_logs"
#: The standard library's names of OpenTelemetry's severities, four numbers each, beginning with TRACE at 1.
_LEVEL_NAMES = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_UNSPECIFIED = 9


def start(telemetry: Telemetry, sink: Callable[[LogEntry | PlainRecord], None]) -> None:
    """Set the global logger provider, once, and have it lead to `sink` from now on."""
    _provider.export = LogExport(sink, LogContext(telemetry))
    if global_provider(_logs, "_LOGGER_PROVIDER") is None:
        _logs.set_logger_provider(_provider)


def stop() -> None:
    """Record nothing more; a global provider cannot be taken back."""
    _provider.export = None


class SwitchLoggerProvider(LoggerProvider):
    """A provider that can be switched off.

    Attributes:
        export: Where records go; None for nowhere.
    """

    def __init__(self) -> None:
        self.export: LogExport | None = None

    def get_logger(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Any = None,
    ) -> Logger:
        """The logger of a scope; it keeps working when the target changes."""
        return _Logger(name, version, schema_url, attributes)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        """Records wait with everything else; `botobs.flush` sends them."""
        return True

    def shutdown(self) -> None:
        """Do nothing: `botobs.shutdown` ends the export."""


class _Logger(NoOpLogger):
    """What it inherits is the signature, which differs between releases."""

    def emit(self, record: LogRecord | None = None, **fields: Any) -> None:
        """Pass a record to the export; never raises."""
        export = _provider.export
        if export is not None:
            _emit(export, self._name, fields if record is None else _fields_of(record))


@never_raise(_LIBRARY)
def _emit(export: LogExport, scope: str, given: Mapping[str, Any]) -> None:
    number = getattr(given.get("severity_number"), "value", None) or _UNSPECIFIED
    step, fraction = divmod(number - 1, 4)
    attributes = dict(given.get("attributes") or {})
    if given.get("event_name"):
        # https://opentelemetry.io/docs/specs/semconv/general/events/: the export's records have no field for it yet.
        attributes.setdefault("event.name", given["event_name"])
    error = given.get("exception")
    stacktrace = attributes.pop("exception.stacktrace", None)
    if isinstance(error, BaseException):
        attributes.setdefault("exception.type", f"{type(error).__module__}.{type(error).__qualname__}")
        attributes.setdefault("exception.message", error)
        stacktrace = stacktrace or "".join(traceback.format_exception(error))
    timestamp = given.get("timestamp") or given.get("observed_timestamp")
    within = given.get("context")
    export.send(
        scope,
        # The reverse of what the encoder does: DEBUG is 5 there and 10 here.
        step * 10 + fraction * 10 // 4,
        given.get("severity_text") or _LEVEL_NAMES[min(step, len(_LEVEL_NAMES) - 1)],
        _body(given.get("body")),
        attributes,
        created=None if timestamp is None else timestamp / 1e9,
        stacktrace=None if stacktrace is None else str(stacktrace),
        span=None if within is None else get_current_span(within).get_span_context(),
    )


def _body(body: Any) -> Any:
    """A structured body as JSON: the records of the export have text."""
    if body is None or isinstance(body, str):
        return body or ""
    return json.dumps(body, default=str, ensure_ascii=False) if isinstance(body, Mapping | list) else body


def _fields_of(record: LogRecord) -> dict[str, Any]:
    names = (
        "timestamp",
        "observed_timestamp",
        "context",
        "severity_number",
        "severity_text",
        "body",
        "attributes",
        "event_name",
        "exception",
    )
    return {name: getattr(record, name, None) for name in names}


_provider = SwitchLoggerProvider()
