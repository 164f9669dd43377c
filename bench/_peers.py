"""Products that have an interface of their own, measured where the Python that runs has them."""

from __future__ import annotations

import os

from ._work import NAME, SPAN, OpenTelemetry, Operation


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
