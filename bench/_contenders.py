"""What is measured: one class a product, all doing the same work and exporting to the same collector.

Each runs in a process of its own (`_worker.py`), because each wants to be the only one.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

NAME = "create_order binance"
#: Eight attributes as an order's span has them.
SPAN: dict[str, str | bool | int | float] = {
    "exchange.name": "binance",
    "exchange.operation": "create_order",
    "exchange.symbol": "BTC/USDT",
    "exchange.order.side": "buy",
    "exchange.order.type": "limit",
    "server.port": 443,
    "exchange.order.amount": 0.25,
    "exchange.order.post_only": True,
}
METRIC = {"exchange.name": "binance", "exchange.operation": "create_order"}
Operation = Callable[[int], None]


class OpenTelemetry:
    """Work through the OpenTelemetry API; the subclasses say who is behind it."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.set_up()

    tracer: Any
    meter: Any

    def set_up(self) -> None:
        """Make `tracer` and `meter`."""
        raise NotImplementedError

    def flush(self) -> None:
        """Send what was recorded."""
        raise NotImplementedError

    def bind(self, instrument: Any) -> Any:  # noqa: ARG002
        """`instrument` with its attributes, if that exists."""
        return None

    def span(self) -> Operation:
        """A current span with eight attributes."""
        tracer = self.tracer

        def run(times: int) -> None:
            for _ in range(times):
                with tracer.start_as_current_span(NAME, attributes=SPAN):
                    pass

        return run

    def own_span(self) -> Operation | None:
        """The same by an interface of its own, if there is one."""
        return None

    def child_span(self) -> Operation:
        """The same below another one."""
        tracer, run = self.tracer, self.span()

        def run_below(times: int) -> None:
            with tracer.start_as_current_span("outer"):
                run(times)

        return run_below

    def counter_add(self) -> Operation:
        """An addition with two attributes."""
        counter = self.meter.create_counter("orders")

        def run(times: int) -> None:
            for _ in range(times):
                counter.add(1, METRIC)

        return run

    def histogram_record(self) -> Operation:
        """A measurement with two attributes."""
        histogram = self.meter.create_histogram("order.duration", "s")

        def run(times: int) -> None:
            for _ in range(times):
                histogram.record(0.25, METRIC)

        return run

    def bound_counter_add(self) -> Operation | None:
        """An addition on a bound instrument."""
        bound = self.bind(self.meter.create_counter("bound.orders"))
        if bound is None:
            return None

        def run(times: int) -> None:
            for _ in range(times):
                bound.add(1)

        return run

    def bound_histogram_record(self) -> Operation | None:
        """A measurement on a bound instrument."""
        bound = self.bind(self.meter.create_histogram("bound.order.duration", "s"))
        if bound is None:
            return None

        def run(times: int) -> None:
            for _ in range(times):
                bound.record(0.25)

        return run

    def log_to(self, logger: logging.Logger) -> None:
        """Have the records of `logger` exported."""

    def log_record(self) -> Operation:
        """A record of the standard library's logger, with an order's id and three fields, within a span."""
        logger = logging.getLogger("bench.orders")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        # A service prints it somewhere; that costs everybody the same.
        logger.addHandler(logging.NullHandler())
        self.log_to(logger)
        fields = {"symbol": "BTC/USDT", "side": "buy", "amount": 0.25}

        def run(times: int) -> None:
            for _ in range(times):
                logger.info("order %s is filled", time.monotonic_ns(), extra=fields)

        return run

    def order_path(self) -> Operation:
        """Two spans with eight attributes each, two additions and two measurements, bound where that exists."""
        tracer = self.tracer
        sent, done = self.meter.create_counter("path.sent"), self.meter.create_counter("path.done")
        waited, took = (
            self.meter.create_histogram("path.waited", "s"),
            self.meter.create_histogram("path.took", "s"),
        )
        bound = [self.bind(instrument) for instrument in (sent, done, waited, took)]
        if bound[0] is None:

            def run(times: int) -> None:
                for _ in range(times):
                    with tracer.start_as_current_span("order", attributes=SPAN):
                        sent.add(1, METRIC)
                        waited.record(0.001, METRIC)
                        with tracer.start_as_current_span(NAME, attributes=SPAN):
                            pass
                        took.record(0.25, METRIC)
                        done.add(1, METRIC)

            return run
        bound_sent, bound_done, bound_waited, bound_took = bound

        def run_bound(times: int) -> None:
            for _ in range(times):
                with tracer.start_as_current_span("order", attributes=SPAN):
                    bound_sent.add(1)
                    bound_waited.record(0.001)
                    with tracer.start_as_current_span(NAME, attributes=SPAN):
                        pass
                    bound_took.record(0.25)
                    bound_done.add(1)

        return run_bound


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
        """As always, but told to do nothing."""
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


class Logfire(OpenTelemetry):
    """Logfire, exporting to the collector instead of its service."""

    def set_up(self) -> None:
        """Console and cloud off."""
        import logfire  # type: ignore[import-not-found]
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = OTLPSpanExporter(f"{self.endpoint}/v1/traces")
        logfire.configure(
            send_to_logfire=False, console=False, additional_span_processors=[BatchSpanProcessor(exporter)]
        )
        self._logfire = logfire

    def flush(self) -> None:
        """Send what was recorded."""
        self._logfire.force_flush()

    def span(self) -> Operation:
        """A current span with eight attributes."""
        make = self._logfire.span

        def run(times: int) -> None:
            for _ in range(times):
                with make(NAME, **SPAN):
                    pass

        return run

    def child_span(self) -> Operation:
        """The same below another one."""
        run, make = self.span(), self._logfire.span

        def run_below(times: int) -> None:
            with make("outer"):
                run(times)

        return run_below

    def counter_add(self) -> Operation:
        """An addition with two attributes."""
        self.meter = self._logfire.DEFAULT_LOGFIRE_INSTANCE.config.get_meter_provider().get_meter("bench")
        return super().counter_add()

    def histogram_record(self) -> Operation:
        """A measurement with two attributes."""
        self.meter = self._logfire.DEFAULT_LOGFIRE_INSTANCE.config.get_meter_provider().get_meter("bench")
        return super().histogram_record()

    def order_path(self) -> Operation | None:  # type: ignore[override]
        """Not compared: it has no metrics of its own."""
        return None


class Ddtrace(OpenTelemetry):
    """Datadog's tracer, with an agent that takes everything."""

    def set_up(self) -> None:
        """Traces only: its metrics go to a daemon over UDP."""
        os.environ.update(
            DD_TRACE_AGENT_URL=self.endpoint,
            DD_INSTRUMENTATION_TELEMETRY_ENABLED="false",
            DD_REMOTE_CONFIGURATION_ENABLED="false",
        )
        from ddtrace.trace import tracer  # type: ignore[import-not-found]

        self._tracer = tracer

    def flush(self) -> None:
        """Send what was recorded."""
        self._tracer.flush()

    def span(self) -> Operation:
        """A current span with eight tags."""
        tracer = self._tracer

        def run(times: int) -> None:
            for _ in range(times):
                with tracer.trace(NAME) as span:
                    span.set_tags(SPAN)

        return run

    def child_span(self) -> Operation:
        """The same below another one."""
        run, tracer = self.span(), self._tracer

        def run_below(times: int) -> None:
            with tracer.trace("outer"):
                run(times)

        return run_below

    def counter_add(self) -> None:  # type: ignore[override]
        """Not compared."""

    histogram_record = bound_counter_add = bound_histogram_record = order_path = counter_add  # type: ignore[assignment]


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
