"""The seam behind which spans and metrics are recorded, so that a faster recorder can take the stock one's place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import TracerProvider

if TYPE_CHECKING:
    from ..redaction import Redactor

Sink = Callable[[Any], None]
"""Takes a sampled span at its end, on the caller's thread; it does not block and does not raise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps one span, or one metric, from growing without end.

    Attributes:
        series: Series of a metric; measurements of further ones go to its overflow series.
        attributes: Attributes of a span, event or link.
        attribute_length: Characters of a text attribute.
        events: Events of a span.
        links: Links of a span.
    """

    series: int = 2000
    attributes: int = 128
    attribute_length: int = 8192
    events: int = 128
    links: int = 128


class Engine(Protocol):
    """Records spans and metrics.

    Its spans have `name`, `kind`, `attributes`, `status`, `start_time`, `end_time`, `resource` and
    `get_span_context()`.
    """

    name: str

    @property
    def tracer_provider(self) -> TracerProvider:
        """Makes the tracers."""

    @property
    def meter_provider(self) -> MeterProvider:
        """Makes the meters."""

    @property
    def spans_started(self) -> int:
        """Recorded spans started so far."""

    @property
    def overflows(self) -> int:
        """Measurements that went to an overflow series so far."""

    @property
    def attributes_refused(self) -> int:
        """Attributes that were taken off measurements so far, because they never repeat their values."""

    def encode_spans(self, spans: Sequence[Any]) -> bytes:
        """A redacted ExportTraceServiceRequest; on the export thread.

        Raises:
            Exception: One of the spans cannot be encoded.
        """

    def collect_metrics(self, seconds: float = ..., /) -> bytes | None:
        """A redacted ExportMetricsServiceRequest with cumulative totals, or None if there is nothing.

        Args:
            seconds: That a service's own callbacks may take, all together.
        """

    def span_size(self, span: Any) -> int:
        """About how many bytes a span takes in memory; cheap, because the caller's thread asks."""

    def reset_after_fork(self, resource: Resource) -> None:
        """In a forked child: all aggregations from zero, `resource` from now on, and locks that nobody holds."""

    def shutdown(self) -> None:
        """Record nothing more."""


def create_engine(
    name: str, resource: Resource, sampler: Sampler, sink: Sink, redactor: Redactor, limits: Limits
) -> Engine:
    """The engine called `name`: `stock` or `fast`.

    The fast one adds up without locks, relying on the interpreter's; a Python without that gets the stock one.
    """
    if name == "fast" and getattr(sys, "_is_gil_enabled", lambda: True)():
        from .fast import FastEngine

        return FastEngine(resource, sampler, sink, redactor, limits)
    from .stock import StockEngine

    return StockEngine(resource, sampler, sink, redactor, limits)
