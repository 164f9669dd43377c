"""What an instrumentation is given and what it must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import Tracer, TracerProvider

from ..._version import __version__

if TYPE_CHECKING:
    from ..export.logs import LogEntry, PlainRecord
    from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where an instrumentation sends what it sees.

    Attributes:
        logs: Takes log records, without blocking; None where they are not exported.
    """

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    settings: Settings
    logs: Callable[[LogEntry | PlainRecord], None] | None = None

    def tracer(self, scope: str) -> Tracer:
        """The tracer of the instrumentation scope `botobs.<scope>`."""
        return self.tracer_provider.get_tracer(f"botobs.{scope}", __version__)

    def meter(self, scope: str) -> Meter:
        """The meter of the instrumentation scope `botobs.<scope>`."""
        return self.meter_provider.get_meter(f"botobs.{scope}", __version__)


class Instrumentation(Protocol):
    """Watches one library."""

    name: str
    """The name that `disabled_instrumentations` and `botobs doctor` use."""

    def install(self, telemetry: Telemetry) -> None:
        """Start watching, whether the library is imported already, later, or never."""

    def uninstall(self) -> None:
        """Undo every patch; objects made meanwhile go on working."""
