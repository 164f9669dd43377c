"""OpenTelemetry's Logs API."""

from __future__ import annotations

from ..base import Telemetry


class OpenTelemetryLogs:
    """The instrumentation named `opentelemetry_logs`; there is nothing to watch where logs are not exported."""

    name = "opentelemetry_logs"

    def __init__(self) -> None:
        self._started = False

    def install(self, telemetry: Telemetry) -> None:
        """Have what is emitted through the global logger provider exported."""
        if telemetry.logs is not None:
            # OpenTelemetry's modules for logs take time to import.
            from ._provider import start

            start(telemetry, telemetry.logs)
            self._started = True

    def uninstall(self) -> None:
        """Export nothing more."""
        if self._started:
            from ._provider import stop

            stop()
