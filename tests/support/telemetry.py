"""Spans and metrics of a test, in memory, by the stock OpenTelemetry SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from botobs import semconv
from botobs._sdk.instrument.base import Instrumentation, Telemetry
from botobs._sdk.settings import Settings

_DECLARED = {metric.name: metric for metric in semconv.all_metrics()}


class Recorder:
    """Receives what instrumentations send."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._spans = InMemorySpanExporter()
        self._metrics = InMemoryMetricReader()
        tracer_provider = TracerProvider(shutdown_on_exit=False)
        tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        meter_provider = MeterProvider([self._metrics], shutdown_on_exit=False)
        self.telemetry = Telemetry(tracer_provider, meter_provider, settings or Settings())

    @contextmanager
    def watching(self, instrumentation: Instrumentation) -> Iterator[None]:
        """Install `instrumentation` for the length of a block."""
        instrumentation.install(self.telemetry)
        try:
            yield
        finally:
            instrumentation.uninstall()

    def spans(self) -> list[ReadableSpan]:
        """Finished spans, in the order of their ends."""
        return list(self._spans.get_finished_spans())

    def names(self) -> list[str]:
        """Names of the finished spans."""
        return [span.name for span in self.spans()]

    def clear(self) -> None:
        """Forget the spans."""
        self._spans.clear()

    def points(self, metric: str) -> list[tuple[dict[str, Any], Any]]:
        """The points of a metric, as (attributes, value); of a histogram the value is its count.

        Raises:
            AssertionError: Two scopes send the metric, which makes duplicate series in Prometheus, or it carries
                attributes that are not declared.
        """
        return [(dict(point.attributes or {}), _value(point)) for point in self._data_points(metric)]

    def exemplars(self, metric: str) -> list[tuple[int | None, int | None]]:
        """The exemplars of a metric, as (trace id, span id)."""
        points = self._data_points(metric)
        return [(exemplar.trace_id, exemplar.span_id) for point in points for exemplar in point.exemplars]

    def _data_points(self, metric: str) -> list[Any]:
        found: dict[str, list[Any]] = {}
        data = self._metrics.get_metrics_data()
        for resource in data.resource_metrics if data else []:
            for scope in resource.scope_metrics:
                for sent in scope.metrics:
                    if sent.name == metric:
                        found.setdefault(scope.scope.name, []).extend(sent.data.data_points)
        assert len(found) <= 1, f"{metric} comes from {sorted(found)}"
        points = [point for points in found.values() for point in points]
        undeclared = {name for point in points for name in point.attributes or {}} - set(
            _DECLARED[metric].attributes
        )
        assert not undeclared, (
            f"{metric} has {sorted(undeclared)}, which the semantic conventions do not list"
        )
        return points

    def value(self, metric: str, **attributes: object) -> Any:
        """The sum over a metric's points that have `attributes` (dots written as `__`); None when there are none."""
        wanted = {name.replace("__", "."): value for name, value in attributes.items()}
        values = [value for carried, value in self.points(metric) if _has(carried, wanted)]
        return sum(values) if values else None

    def everything(self) -> str:
        """All that was sent, as text, to search for what must not be in it."""
        data = self._metrics.get_metrics_data()
        return "\n".join([*(span.to_json() for span in self.spans()), data.to_json() if data else ""])


def _value(point: Any) -> Any:
    return point.value if hasattr(point, "value") else point.count


def _has(carried: Mapping[str, Any], wanted: Mapping[str, object]) -> bool:
    return all(carried.get(name) == value for name, value in wanted.items())
