"""What an instrumentation is given and what it must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import Tracer, TracerProvider

from ..._version import __version__

if TYPE_CHECKING:
    from ..export.logs import LogEntry, PlainRecord
    from ..export.store import Batch
    from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where an instrumentation sends what it sees.

    Attributes:
        logs: Takes log records, without blocking; None where they are not exported.
        take_over: Takes what another process has not sent, without blocking.
    """

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    settings: Settings
    logs: Callable[[LogEntry | PlainRecord], None] | None = None
    take_over: Callable[[list[Batch]], None] = lambda _: None

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


@runtime_checkable
class EndsWithProgram(Protocol):
    """An instrumentation with something to do when the program ends."""

    def before_end(self, seconds: float) -> None:
        """Do it within so many seconds; the last export follows."""
