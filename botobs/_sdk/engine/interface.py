"""What an engine is: how it is limited, where its spans go, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits
from opentelemetry.trace import TracerProvider

Sink = Callable[[Any], None]
"""Called with each sampled span when it ends, on the caller's thread; must neither block nor raise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the size of one metric and one span.

    Attributes:
        series: Series of a metric; measurements of further ones go to its overflow series.
        attributes: Attributes of a span, event or link.
        attribute_length: Characters of a string attribute.
        events: Events of a span.
        links: Links of a span.
    """

    series: int = 2000
    attributes: int = 128
    attribute_length: int = 8192
    events: int = 128
    links: int = 128

    def for_spans(self, margin: int = 0) -> SpanLimits:
        """The limits of spans, as the OpenTelemetry SDK has them.

        Args:
            margin: Characters that are kept beyond `attribute_length`.
        """
        return SpanLimits(
            max_attributes=self.attributes,
            max_events=self.events,
            max_links=self.links,
            max_span_attributes=self.attributes,
            max_event_attributes=self.attributes,
            max_link_attributes=self.attributes,
            max_attribute_length=self.attribute_length + margin,
            max_span_attribute_length=self.attribute_length + margin,
        )


class Engine(Protocol):
    """Records spans and metrics.

    Its spans have `name`, `kind`, `attributes`, `status`, `start_time`, `end_time`, `resource` and
    `get_span_context()`.
    """

    name: str

    @property
    def tracer_provider(self) -> TracerProvider:
        """Creates the tracers."""

    @property
    def meter_provider(self) -> MeterProvider:
        """Creates the meters."""

    @property
    def spans_started(self) -> int:
        """Recorded spans started so far."""

    @property
    def overflows(self) -> int:
        """Measurements that went to an overflow series so far."""

    @property
    def attributes_refused(self) -> int:
        """Attributes removed from measurements so far, because their values never repeat."""

    def encode_spans(self, spans: Sequence[Any]) -> bytes:
        """A redacted ExportTraceServiceRequest; on the export thread.

        Raises:
            Exception: One of the spans cannot be encoded.
        """

    def collect_metrics(self, seconds: float = ..., /) -> bytes | None:
        """A redacted ExportMetricsServiceRequest with cumulative totals, or None if there is nothing.

        Args:
            seconds: Time limit of a service's own callbacks, all together.
        """

    def span_size(self, span: Any) -> int:
        """About how many bytes a span takes in memory; cheap, since it may run on a service's thread."""

    def reset_after_fork(self, resource: Resource) -> None:
        """In a forked child: all aggregations from zero, `resource` from now on, and new locks."""

    def shutdown(self) -> None:
        """Stop recording."""
