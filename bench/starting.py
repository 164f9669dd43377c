"""`python -m bench.starting`: what telemetry adds to the start of a service, import and set-up together.

Each program runs in a fresh process; they take turns. Counted is the CPU of the whole process.
"""

from __future__ import annotations

import os
import statistics
import sys

from ._harness import machine
from ._processes import ROOT

_ROUNDS = 11
#: What a service has anyway.
_SERVICE = "import asyncio, logging, aiohttp, sqlalchemy\n"
#: As the SDK's documentation sets it up, with an instrumentor.
_STOCK = """
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
AioHttpClientInstrumentor().instrument()
"""
#: Of the rest of what the service imports. SQLAlchemy's does not know today's version, and works when it does not look.
_OTHER_INSTRUMENTORS = """
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
AioHttpServerInstrumentor().instrument()
SQLAlchemyInstrumentor().instrument(skip_dep_check=True)
"""
_BOTOBS = """
import botobs
botobs.init("started", endpoint="http://127.0.0.1:9")
"""
#: Without the exit, which is not part of a start.
_LEAVE = "import os; os._exit(0)"
_PROGRAMS = {
    "the service alone": _SERVICE + _LEAVE,
    "with the OpenTelemetry SDK, one instrumentor": _SERVICE + _STOCK + _LEAVE,
    "with the OpenTelemetry SDK, watching the same": _SERVICE + _STOCK + _OTHER_INSTRUMENTORS + _LEAVE,
    "with botobs": _SERVICE + _BOTOBS + _LEAVE,
}


def cpu(program: str) -> float:
    """Seconds of CPU of a process that runs `program`.

    Raises:
        RuntimeError: It failed.
    """
    # An installed package has its bytecode, and so has the checkout's after the first round.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = os.posix_spawn(
        sys.executable, [sys.executable, "-c", program], {**environ, "PYTHONPATH": str(ROOT)}
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError("a program did not start; what it says stands above")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and print."""
    seconds: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    # The first round fills the caches.
    for _ in range(1 + _ROUNDS):
        for name, program in _PROGRAMS.items():
            seconds[name].append(cpu(program))
    print(f"{machine()}; medians of {_ROUNDS} rounds, quartiles in brackets\n")
    added = {name: statistics.median(each[1:]) for name, each in seconds.items()}
    alone = added.pop("the service alone")
    ours = added["with botobs"] - alone
    print("| start of | CPU, s | added to the service alone, s | botobs' to that |\n|---|---|---|---|")
    for name, each in seconds.items():
        low, middle, high = statistics.quantiles(each[1:], n=4)
        more = f"{middle - alone:.2f} | {ours / (middle - alone):.2f}" if name in added else " | "
        print(f"| {name} | {middle:.2f} ({low:.2f} to {high:.2f}) | {more} |")


if __name__ == "__main__":
    main()
