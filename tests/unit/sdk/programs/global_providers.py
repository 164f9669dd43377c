"""Asks the global providers for what the SDK's have, and prints what it got; the last argument is the engine."""

from __future__ import annotations

import json
import sys
from typing import Any

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import botobs

botobs.init("asked", engine=sys.argv[1], logs=True)  # type: ignore[arg-type]
provider: Any = trace.get_tracer_provider()
meters: Any = metrics.get_meter_provider()
exporter = InMemorySpanExporter()
provider.add_span_processor(SimpleSpanProcessor(exporter))
with botobs.span("first"):
    logger = _logs.get_logger("framework")
    logger.emit(severity_number=SeverityNumber.ERROR, body={"a": 1}, event_name="order.lost")
    try:
        raise ValueError("password=hunter2hunter2")
    except ValueError as error:
        logger.emit(severity_number=SeverityNumber.FATAL, body="it failed", exception=error)
flushed = [provider.force_flush(), meters.force_flush()]
provider.shutdown()
meters.shutdown()
botobs.shutdown()
botobs.init("again", engine=sys.argv[1], logs=True)  # type: ignore[arg-type]
with botobs.span("second"):
    pass
print(
    json.dumps(
        {
            "flushed": flushed,
            "service": provider.resource.attributes["service.name"],
            "spans": [span.name for span in exporter.get_finished_spans()],
            "sampler": provider.sampler is not None,
        }
    )
)
