"""The global providers of OpenTelemetry while botobs runs: proxies whose target can change.

OpenTelemetry lets a global provider be set only once in a process. These are set once; `init`, `shutdown` and another
`init` change their target. Tracers and instruments that code keeps are proxies too, and change with them.
"""

from __future__ import annotations

from opentelemetry import metrics, trace

from ..upstream import global_provider
from .flushing import flush, set_flush
from .meters import SwitchMeterProvider
from .tracers import SwitchTracerProvider

__all__ = [
    "SwitchMeterProvider",
    "SwitchTracerProvider",
    "flush",
    "install_globally",
    "meter_provider",
    "set_flush",
    "tracer_provider",
]

tracer_provider = SwitchTracerProvider()
meter_provider = SwitchMeterProvider()


def install_globally() -> list[str]:
    """Set the proxies as the global providers, once.

    Returns:
        The names of those that were already set by somebody else, such as `tracer provider`.
    """
    taken = []
    traces = global_provider(trace, "_TRACER_PROVIDER")
    if traces is None:
        trace.set_tracer_provider(tracer_provider)
    elif traces is not tracer_provider:
        taken.append("tracer provider")
    meters = global_provider(metrics, "_METER_PROVIDER")
    if meters is None:
        metrics.set_meter_provider(meter_provider)
    elif meters is not meter_provider:
        taken.append("meter provider")
    return taken
