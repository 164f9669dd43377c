"""loguru: records that know their trace, and their export; with the setting `redact_local_logs` no secrets in them.

There is no upstream instrumentor. Our patcher is handed over with each message, behind those of the service, instead
of by `logger.configure(patcher=…)`, which holds one and which the service may want for itself.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ._context import SERVICE, SPAN_ID, TRACE_ID, LogContext
from ._export import LogExport

#: Where `Logger._log` takes its options, and where depth and patchers stand among them.
_OPTIONS_ARGUMENT = 2
_DEPTH = 1
_PATCHERS = 7


class LoguruInstrumentation:
    """Watches loguru."""

    name = "loguru"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Put `trace_id`, `span_id` and `service` into `extra`, unless they are there, and export records."""
        context = LogContext(telemetry)
        export = LogExport(telemetry.logs, context) if telemetry.logs is not None else None
        self._patches.on_import("loguru._logger", lambda module: self._patch(module, context, export))
        if context.redacts_local:
            self._patches.on_import(
                "loguru._better_exceptions", lambda module: self._redact_exceptions(module, context)
            )
            self._patches.on_import("loguru._handler", lambda module: self._redact_json(module, context))

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType, context: LogContext, export: LogExport | None) -> None:
        def patcher(record: dict[str, Any]) -> None:
            if not prepare(record) and context.redacts_local:
                record.update(message="a record that could not be redacted", extra={}, exception=None)

        @never_raise(self.name)
        def prepare(record: dict[str, Any]) -> bool:
            extra = record["extra"]
            if context.redacts_local:
                redactor = context.record()
                for name, value in list(extra.items()):
                    extra[name] = redactor.printed(name, value)
                record["message"] = redactor.message(record["message"])
            for name, value in context.fields().items():
                extra.setdefault(name, value)
            return True

        def log(wrapped: Callable[..., None], _logger: Any, args: Any, kwargs: Any) -> None:
            options = list(args[_OPTIONS_ARGUMENT])
            # Loguru finds who has logged by counting frames, and this function is one of them.
            options[_DEPTH] += 1
            options[_PATCHERS] = [*options[_PATCHERS], patcher]
            arguments = list(args)
            arguments[_OPTIONS_ARGUMENT] = options
            if export is None:
                wrapped(*arguments, **kwargs)
                return
            with export.outermost() as outermost:
                if outermost:
                    options[_PATCHERS].append(functools.partial(_send, export))
                wrapped(*arguments, **kwargs)

        self._patches.wrap(module.Logger, "_log", log)

    def _redact_exceptions(self, module: ModuleType, context: LogContext) -> None:
        # With `diagnose` loguru prints the values of variables beside the traceback.
        def format_exception(
            wrapped: Callable[..., Iterator[str]], _formatter: Any, args: Any, kwargs: Any
        ) -> list[str]:
            return [context.record().traceback("".join(wrapped(*args, **kwargs)))]

        self._patches.wrap(module.ExceptionFormatter, "format_exception", format_exception)

    def _redact_json(self, module: ModuleType, context: LogContext) -> None:
        # With `serialize` the exception's value is printed by itself.
        def serialize(wrapped: Callable[..., str], _handler: Any, args: Any, kwargs: Any) -> str:
            return context.record().message(wrapped(*args, **kwargs))

        self._patches.wrap(module.Handler, "_serialize_record", serialize)


@never_raise("loguru")
def _send(export: LogExport, record: dict[str, Any]) -> None:
    fields = {
        **{
            name: value for name, value in record["extra"].items() if name not in (TRACE_ID, SPAN_ID, SERVICE)
        },
        "code.file.path": record["file"].path,
        "code.line.number": record["line"],
        "code.function.name": record["function"],
    }
    stacktrace = None
    error = record["exception"]
    if error is not None and error.type is not None:
        fields["exception.type"] = error.type.__qualname__
        stacktrace = "".join(traceback.format_exception(*error))
    level = record["level"]
    export.send(
        record["name"] or "loguru",
        level.no,
        level.name,
        record["message"],
        fields,
        created=record["time"].timestamp(),
        stacktrace=stacktrace,
    )
