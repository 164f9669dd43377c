"""structlog: events that know their trace, and their export; with the setting `redact_local_logs` no secrets in them.

There is no upstream instrumentor. The one method is patched through which every bound logger runs its processors, so
that loggers made and configurations set before and after count alike. Events that structlog hands to the standard
library are exported from there, the others from here.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ._context import LogContext
from ._export import LogExport, level_of
from ._redaction import RecordRedactor


class StructlogInstrumentation:
    """Watches structlog."""

    name = "structlog"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Add `trace_id`, `span_id` and `service` to events, unless they have them, and export them."""
        context = LogContext(telemetry)
        export = LogExport(telemetry.logs, context) if telemetry.logs is not None else None
        self._patches.on_import("structlog._base", lambda module: self._patch(module, context, export))

    def uninstall(self) -> None:
        """Take the patch back."""
        self._patches.undo()

    def _patch(self, module: ModuleType, context: LogContext, export: LogExport | None) -> None:
        def process_event(wrapped: Callable[..., Any], logger: Any, args: Any, kwargs: Any) -> Any:
            printed = processed(wrapped, logger._context, context, *args, **kwargs)
            if export is not None and not isinstance(logger._logger, logging.Logger):
                _send(export, logger, *args, **kwargs)
            return printed

        processed = _as_if_of_structlog(_processed)
        self._patches.wrap(module.BoundLoggerBase, "_process_event", _as_if_of_structlog(process_event))


def _as_if_of_structlog(function: Any) -> Any:
    """`function`, which processors that look for the caller of the logger take for one of structlog's own.

    They look for the first frame whose module is not named so.
    """
    return FunctionType(
        function.__code__,
        {**function.__globals__, "__name__": "structlog.botobs"},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def _processed(
    wrapped: Callable[..., Any],
    bound: Any,
    context: LogContext,
    method_name: str,
    event: Any,
    event_kw: dict[str, Any],
) -> Any:
    if not context.redacts_local:
        return wrapped(method_name, event, _stamped(bound, context, event_kw) or event_kw)
    event, fields = _prepared(bound, context, event, event_kw) or ("an event that could not be redacted", {})
    args, keywords = wrapped(method_name, event, fields)
    # Once more what the processors made of it: exceptions are formatted among them.
    redactor = context.record()
    return [_printed(value, redactor) for value in args], {
        name: _printed(value, redactor) for name, value in keywords.items()
    }


@never_raise("structlog")
def _stamped(bound: Any, context: LogContext, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in context.fields().items() if value and name not in bound} | fields


@never_raise("structlog")
def _prepared(
    bound: Any, context: LogContext, event: Any, fields: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    stamped = {name: value for name, value in context.fields().items() if value and name not in bound}
    given = {**bound, **fields}
    redactor = context.record()
    redacted = {name: redactor.printed(name, value) for name, value in given.items()}
    return _event(event, redactor), {**stamped, **redacted}


def _event(event: Any, redactor: RecordRedactor) -> Any:
    return redactor.message(event) if isinstance(event, str) else redactor.printed("event", event)


@never_raise("structlog")
def _send(export: LogExport, logger: Any, method_name: str, event: Any, event_kw: dict[str, Any]) -> None:
    fields = {**_context_variables(), **logger._context, **event_kw}
    name = str(fields.pop("logger", "structlog"))
    error = _error_of(fields.pop("exc_info", None))
    if error is None and method_name == "exception":
        error = sys.exc_info()[1]
    stacktrace = None
    if isinstance(error, BaseException):
        fields["exception.type"] = type(error).__qualname__
        stacktrace = "".join(traceback.format_exception(error))
    export.send(name, level_of(method_name), method_name.upper(), event, fields, stacktrace=stacktrace)


def _context_variables() -> dict[str, Any]:
    """What `structlog.contextvars` holds, whether or not a processor merges it."""
    module = sys.modules.get("structlog.contextvars")
    return {} if module is None else module.get_contextvars()


def _error_of(exc_info: Any) -> BaseException | None:
    """The exception that `exc_info` stands for, in any of the ways in which it may be given."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3 and isinstance(exc_info[1], BaseException):
        return exc_info[1]
    return sys.exc_info()[1] if exc_info else None


def _printed(value: Any, redactor: RecordRedactor) -> Any:
    if isinstance(value, str):
        return redactor.message(value)
    if isinstance(value, bytes | bytearray):
        return redactor.message(value.decode("utf-8", "backslashreplace")).encode()
    return value
