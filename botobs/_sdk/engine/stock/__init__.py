"""The stock engine: OpenTelemetry's own SDK."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import Histogram, MeterProvider, TraceBasedExemplarFilter
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import get_current_span

from ....semconv import DURATION_BUCKETS
from ...ids import IdGenerator
from ...redaction import CUT_MARGIN
from ...safe import class_name
from ..callbacks import COLLECTION_TIMEOUT, CallbackRunner
from ..fast.attributes import weight
from ..faults import FAULTS
from ..redact import redact_metrics, redact_spans
from .meters import SafeMeterProvider, make_encodable
from .series import LimitedStorage
from .spans import SafeTracerProvider

if TYPE_CHECKING:
    from ...redaction import Redactor
    from ..interface import Limits, Sink

# Upstream instrumentors bring other boundaries, or none; alert rules need theirs in every duration.
_VIEWS = tuple(
    View(
        instrument_type=Histogram,
        instrument_name=pattern,
        aggregation=ExplicitBucketHistogramAggregation(DURATION_BUCKETS),
    )
    for pattern in ("http.*.duration", "db.*.duration")
)


class StockEngine:
    """Wraps the SDK's providers; spans go to a sink, metrics are collected on demand."""

    name = "stock"

    def __init__(
        self, resource: Resource, sampler: Sampler, sink: Sink, redactor: Redactor, limits: Limits
    ) -> None:
        self._redactor = redactor
        self._limits = limits
        self._processor = _Processor(sink)
        self._tracer_provider = SafeTracerProvider(
            sampler=sampler,
            resource=resource,
            shutdown_on_exit=False,
            id_generator=IdGenerator(),
            # Longer than the limit: a secret that is cut before redaction would not be recognised. One character
            # more than the export looks at, so that it knows of the cut.
            span_limits=limits.for_spans(CUT_MARGIN + 1),
        )
        self._tracer_provider.add_span_processor(self._processor)
        self._reader = InMemoryMetricReader()
        self._meter_provider = SafeMeterProvider(
            metric_readers=(self._reader,),
            resource=resource,
            exemplar_filter=TraceBasedExemplarFilter(),
            shutdown_on_exit=False,
            views=_VIEWS,
        )
        self.tracer_provider = self._tracer_provider
        self.meter_provider = self._meter_provider
        self._callback_runner = CallbackRunner()
        self._renew_storage()

    @property
    def spans_started(self) -> int:
        """Recorded spans started so far."""
        return self._processor.started

    @property
    def overflows(self) -> int:
        """Measurements that went to an overflow series so far."""
        return self._storage.overflows

    @property
    def attributes_refused(self) -> int:
        """Attributes that were taken off measurements so far."""
        return self._storage.refused

    def encode_spans(self, spans: Sequence[Any]) -> bytes:
        """A redacted ExportTraceServiceRequest."""
        request = encode_spans(spans)
        redact_spans(request, self._redactor, self._limits.attribute_length)
        return bytes(request.SerializeToString())

    def collect_metrics(self, seconds: float = COLLECTION_TIMEOUT) -> bytes | None:
        """A redacted ExportMetricsServiceRequest with cumulative totals."""
        provider = self._meter_provider
        provider.provide(self._callback_runner.run(provider.callbacks(), seconds))
        data = self._reader.get_metrics_data()
        provider.provide({})
        if data is None:
            return None
        make_encodable(data)
        request = _encoded(data)
        redact_metrics(request, self._redactor)
        return bytes(request.SerializeToString())

    def span_size(self, span: Any) -> int:
        """About how many bytes a span takes in memory."""
        size = 2000 + 150 * len(span._attributes) + weight(span._attributes)
        for item in (*span._events, *span._links):
            size += 400 + weight(item.attributes or {})
        return size

    def reset_after_fork(self, resource: Resource) -> None:
        """In a forked child: all aggregations from zero, `resource` from now on, and new locks."""
        tracers = self._tracer_provider
        tracers._tracers_lock = threading.Lock()
        tracers._active_span_processor._lock = threading.Lock()
        tracers._resource = resource
        for tracer in tracers._tracers.values():
            tracer._set_resource(resource)
        self._processor.after_fork(resource)
        meters = self._meter_provider
        meters._lock = threading.Lock()
        meters._meter_lock = threading.Lock()
        MeterProvider._all_metric_readers_lock = threading.Lock()
        for meter in meters._meters.values():
            meter._instrument_registration_lock = threading.Lock()
            meter._instrument_ids_lock = threading.Lock()
        meters._sdk_config.resource = resource
        self._reader._lock = threading.RLock()
        self._callback_runner.reset()
        self._renew_storage()

    def shutdown(self) -> None:
        """Stop recording."""
        self._processor.shutdown()
        self._meter_provider.shutdown()
        self._callback_runner.close()

    def _renew_storage(self) -> None:
        """Give the meter provider empty aggregations with a limit on series, and a new lock."""
        consumer = self._meter_provider._measurement_consumer
        self._storage = LimitedStorage(
            consumer._sdk_config,
            self._reader._instrument_class_temporality,
            self._reader._instrument_class_aggregation,
            self._limits.series,
            self._redactor,
        )
        consumer._lock = threading.Lock()
        consumer._reader_storages = {self._reader: self._storage}


def _encoded(data: MetricsData) -> ExportMetricsServiceRequest:
    """The request of all metrics that can be encoded."""
    try:
        return encode_metrics(data)
    except Exception:
        request = ExportMetricsServiceRequest()
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    alone = MetricsData([replace(resource, scope_metrics=[replace(scope, metrics=[metric])])])
                    try:
                        request.MergeFrom(encode_metrics(alone))
                    except Exception as error:
                        kind = class_name(type(error))
                        FAULTS.lose(metric.name, "%s cannot be encoded: %s", metric.name, kind)
        return request


class _Processor(SpanProcessor):
    """Hands ended spans on."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._resource: Resource | None = None
        self._open = True
        self._ids = itertools.count()
        self._baseline = 0

    @property
    def started(self) -> int:
        # `next` is atomic under the interpreter's lock. Reading the counter advances it, which `_baseline` undoes.
        self._baseline += 1
        return next(self._ids) - self._baseline + 1

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002
        next(self._ids)

    def on_end(self, span: ReadableSpan) -> None:
        # A span open at a fork ends in both processes; it is the parent's.
        if self._open and (self._resource is None or span.resource is self._resource):
            context = span.get_span_context()
            if context is not None and context.trace_flags.sampled:
                self._sink(span)

    def after_fork(self, resource: Resource) -> None:
        self._resource = resource
        self._ids = itertools.count()
        self._baseline = 0
        current = get_current_span()
        if hasattr(current, "_lock"):
            # Another thread may have been writing to it at the fork.
            current._lock = threading.Lock()

    def shutdown(self) -> None:
        self._open = False
