"""What is measured: one class a product, all doing the same work and exporting to the same collector.

Each runs in a process of its own (`_worker.py`), because each wants to be the only one.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from ._peers import Ddtrace, Logfire
from ._work import METRIC, NAME, SPAN, OpenTelemetry, Operation


class Stock(OpenTelemetry):
    """The OpenTelemetry SDK as its documentation sets it up."""

    sampling = 1.0

    def set_up(self) -> None:
        """Batch processor, periodic reader, OTLP over HTTP."""
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

        self._traces = TracerProvider(sampler=ParentBased(TraceIdRatioBased(self.sampling)))
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{self.endpoint}/v1/traces")))
        self._logs: Any = None
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{self.endpoint}/v1/metrics"))
        self._metrics = MeterProvider([reader])
        self.tracer = self._traces.get_tracer("bench")
        self.meter = self._metrics.get_meter("bench")

    def flush(self) -> None:
        """Send what was recorded."""
        self._traces.force_flush()
        self._metrics.force_flush()
        if self._logs is not None:
            self._logs.force_flush()

    def log_to(self, logger: logging.Logger) -> None:
        """The SDK's handler and batch processor."""
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

        self._logs = LoggerProvider()
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(OTLPLogExporter(f"{self.endpoint}/v1/logs"))
        )
        logger.addHandler(LoggingHandler(logger_provider=self._logs))


class StockUnsampled(Stock):
    """The OpenTelemetry SDK where no trace is sampled."""

    sampling = 0.0


class StockDisabled(Stock):
    """The OpenTelemetry SDK with `OTEL_SDK_DISABLED`."""

    def set_up(self) -> None:
        """As always, but disabled."""
        os.environ["OTEL_SDK_DISABLED"] = "true"
        super().set_up()


class Botobs(OpenTelemetry):
    """`botobs.init()` with the fast engine: redaction, limits, priorities and exemplars on."""

    engine = "fast"
    options: dict[str, Any] = {}  # noqa: RUF012

    def set_up(self) -> None:
        """Call `botobs.init` with what the contender adds to it."""
        import botobs
        from botobs._sdk import providers
        from botobs._sdk.instrument.registry import REGISTRY

        self._handle = botobs.init(
            "bench",
            endpoint=self.endpoint,
            engine=self.engine,  # type: ignore[arg-type]
            disabled_instrumentations=[name for name, _ in REGISTRY if name != "logging"],
            logs=True,
            compression="none",
            environ={},
            **self.options,
        )
        # What OpenTelemetry's global functions return after `init`, and what the instrumentations use in any case.
        self.tracer = providers.tracer_provider.get_tracer("bench")
        self.meter = providers.meter_provider.get_meter("bench")

    def bind(self, instrument: Any) -> Any:
        """`instrument` with its attributes."""
        from botobs._sdk.engine.bound import bind

        return bind(instrument, METRIC)

    def own_span(self) -> Operation | None:
        """The same by `botobs.span`."""
        from botobs import span

        def run(times: int) -> None:
            for _ in range(times):
                with span(NAME, SPAN):
                    pass

        return run

    def flush(self) -> None:
        """Send what was recorded."""
        self._handle.flush()


class BotobsStock(Botobs):
    """`botobs.init(engine="stock")`."""

    engine = "stock"

    def bind(self, instrument: Any) -> Any:  # noqa: ARG002
        """Nothing is gained by it there."""
        return None


class BotobsUnsampled(Botobs):
    """`botobs.init()` where no trace is sampled."""

    options = {"sampling_ratio": 0.0}  # noqa: RUF012


class BotobsDisabled(Botobs):
    """`botobs.init(enabled=False)`."""

    options = {"enabled": False}  # noqa: RUF012


class Nothing(OpenTelemetry):
    """No telemetry: what the loops themselves cost."""

    def set_up(self) -> None:
        """There is nothing to make."""

    def flush(self) -> None:
        """There is nothing to send."""

    def span(self) -> Operation:
        """An empty loop."""

        def run(times: int) -> None:
            for _ in range(times):
                pass

        return run


CONTENDERS: dict[str, type[OpenTelemetry]] = {
    "nothing": Nothing,
    "stock": Stock,
    "stock unsampled": StockUnsampled,
    "stock disabled": StockDisabled,
    "botobs": Botobs,
    "botobs stock": BotobsStock,
    "botobs unsampled": BotobsUnsampled,
    "botobs disabled": BotobsDisabled,
    "logfire": Logfire,
    "ddtrace": Ddtrace,
}


def process_cpu(contender: OpenTelemetry, spans: int, unique: bool) -> float:
    """Seconds of CPU of the whole process for so many spans, from their start to the socket's acknowledgement.

    Spans come in bursts that every queue can hold, so that none are dropped.

    Args:
        contender: Who records.
        spans: How many.
        unique: Give each span an order's id of its own, which no exporter can have seen before.
    """
    tracer, run = contender.tracer, contender.span()

    def run_unique(times: int) -> None:
        for number in range(times):
            with tracer.start_as_current_span(NAME, attributes=SPAN) as span:
                span.set_attribute("exchange.order.client_id", f"bot-{time.monotonic_ns()}-{number}")

    contender.flush()
    begin = time.process_time()
    for _ in range(spans // 1_000):
        (run_unique if unique else run)(1_000)
        contender.flush()
    return time.process_time() - begin
