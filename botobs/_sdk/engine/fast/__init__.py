"""The fast engine: OpenTelemetry's API over a recorder in which the caller pays only for what cannot wait.

`docs/performance.md` says where the time goes and what was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import Sampler

from ..callbacks import COLLECTION_TIMEOUT, CallbackRunner
from .attributes import weight
from .clock import CLOCK
from .encode_metrics import MetricEncoder
from .encode_spans import SpanEncoder
from .meter import MeterProvider
from .provider import TracerProvider
from .shorten import shorten

if TYPE_CHECKING:
    from ...redaction import Redactor
    from ..interface import Limits, Sink


#: Bytes of a span that may hold more than is ever sent of it.
_LARGE = 2**18


def _size(span: Any) -> int:
    size = 700 + 150 * len(span._attributes) + weight(span._attributes) + len(span._name)
    details = span._details
    if details is not None:
        if details.status is not None:
            size += len(details.status.description or "")
        for event in details.events or ():
            size += 400 + len(event.name) + weight(event.attributes)
        for link in details.links or ():
            size += 400 + weight(link.attributes)
    return size


class FastEngine:
    """Records spans and metrics with slots and cells, and encodes them without protobuf messages."""

    name = "fast"

    def __init__(
        self, resource: Resource, sampler: Sampler, sink: Sink, redactor: Redactor, limits: Limits
    ) -> None:
        self.tracer_provider = TracerProvider(resource, sampler, sink, limits.for_spans())
        self.meter_provider = MeterProvider(resource, limits.series, redactor)
        self._spans = SpanEncoder(redactor, self.tracer_provider.shared.limits)
        self._metrics = MetricEncoder(self._spans)
        self._callback_runner = CallbackRunner()

    @property
    def spans_started(self) -> int:
        """Recorded spans started so far."""
        return self.tracer_provider.spans_started

    @property
    def overflows(self) -> int:
        """Measurements that went to an overflow series so far."""
        return self.meter_provider.cardinality.overflows

    @property
    def attributes_refused(self) -> int:
        """Attributes that were taken off measurements so far."""
        return self.meter_provider.cardinality.guard.refused

    def encode_spans(self, spans: Sequence[Any]) -> bytes:
        """A redacted ExportTraceServiceRequest; on the export thread."""
        CLOCK.refresh()
        return self._spans.encode(spans, self.tracer_provider.resource)

    def collect_metrics(self, seconds: float = COLLECTION_TIMEOUT) -> bytes | None:
        """A redacted ExportMetricsServiceRequest with cumulative totals, or None if there is nothing."""
        CLOCK.refresh()
        meters = self.meter_provider.meters()
        observations = self._callback_runner.run(
            [callback for meter in meters for callback in meter.callbacks()], seconds
        )
        return self._metrics.encode(self.meter_provider, observations)

    def span_size(self, span: Any) -> int:
        """About how many bytes a span takes in memory. What is never sent of a large one is dropped first."""
        size = _size(span)
        if size > _LARGE:
            shorten(span)
            size = _size(span)
        return size

    def reset_after_fork(self, resource: Resource) -> None:
        """In a forked child: all aggregations from zero, `resource` from now on, and new locks."""
        self._spans.since = perf_counter_ns()
        self._callback_runner.reset()
        self.tracer_provider.reset_after_fork(resource)
        self.meter_provider.reset_after_fork(resource)

    def shutdown(self) -> None:
        """Stop recording."""
        self.tracer_provider.close()
        self.meter_provider.shutdown()
        self._callback_runner.close()
