"""What was captured, read back from the OTLP bytes that would have left the process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2

_KINDS = {
    trace_pb2.Span.SPAN_KIND_SERVER: "server",
    trace_pb2.Span.SPAN_KIND_CLIENT: "client",
    trace_pb2.Span.SPAN_KIND_PRODUCER: "producer",
    trace_pb2.Span.SPAN_KIND_CONSUMER: "consumer",
}
_STATUSES = {trace_pb2.Status.STATUS_CODE_OK: "ok", trace_pb2.Status.STATUS_CODE_ERROR: "error"}


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a span."""

    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A finished span.

    Attributes:
        kind: internal, server, client, producer or consumer.
        scope: Name of the instrumentation scope, such as `botobs.trading`.
        trace_id: In hexadecimal, as the other ids.
        parent_id: Empty when it has no parent.
        start: Seconds since the epoch.
        end: Seconds since the epoch.
        links: Trace and span ids of the linked spans.
        status: unset, ok or error.
        status_message: Why it failed.
    """

    name: str
    kind: str
    scope: str
    trace_id: str
    span_id: str
    parent_id: str
    start: float
    end: float
    attributes: Mapping[str, Any]
    events: tuple[Event, ...]
    links: tuple[tuple[str, str], ...]
    status: str
    status_message: str

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a metric, as it stands now.

    Attributes:
        value: Of a counter or gauge; of a histogram the number of its measurements.
        total: The sum of a histogram's measurements; None of other metrics.
    """

    attributes: Mapping[str, Any]
    value: float
    total: float | None


@dataclass(frozen=True, slots=True)
class Log:
    """A log record.

    Attributes:
        logger: Name of the logger.
        severity: Such as `WARNING`.
        trace_id: Of the span in which it was written; empty outside of spans.
        span_id: See `trace_id`.
    """

    logger: str
    severity: str
    body: str
    attributes: Mapping[str, Any]
    trace_id: str
    span_id: str


def spans_in(payload: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest, by their starts."""
    request = ExportTraceServiceRequest.FromString(payload)
    found = [
        _span(scope_spans.scope.name, span)
        for resource_spans in request.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]
    return [span for _, span in sorted(found, key=lambda found: found[0])]


def points_in(payload: bytes) -> dict[str, list[Point]]:
    """The series of an ExportMetricsServiceRequest by the name of the metric."""
    request = ExportMetricsServiceRequest.FromString(payload)
    found: dict[str, list[Point]] = {}
    for resource_metrics in request.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                found.setdefault(metric.name, []).extend(_points(metric))
    return found


def scopes_in(payload: bytes) -> set[str]:
    """The scopes of an ExportMetricsServiceRequest."""
    request = ExportMetricsServiceRequest.FromString(payload)
    return {scope.scope.name for resource in request.resource_metrics for scope in resource.scope_metrics}


def logs_in(payload: bytes) -> list[Log]:
    """The records of an ExportLogsServiceRequest, as they were written."""
    request = ExportLogsServiceRequest.FromString(payload)
    return [
        Log(
            logger=scope_logs.scope.name,
            severity=record.severity_text,
            body=str(_value(record.body)),
            attributes=_attributes(record.attributes),
            trace_id=record.trace_id.hex(),
            span_id=record.span_id.hex(),
        )
        for resource_logs in request.resource_logs
        for scope_logs in resource_logs.scope_logs
        for record in scope_logs.log_records
    ]


def _span(scope: str, span: Any) -> tuple[int, Span]:
    return span.start_time_unix_nano, Span(
        name=span.name,
        kind=_KINDS.get(span.kind, "internal"),
        scope=scope,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano / 1e9,
        end=span.end_time_unix_nano / 1e9,
        attributes=_attributes(span.attributes),
        events=tuple(Event(event.name, _attributes(event.attributes)) for event in span.events),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        status=_STATUSES.get(span.status.code, "unset"),
        status_message=span.status.message,
    )


def _points(metric: Any) -> Iterator[Point]:
    data = getattr(metric, metric.WhichOneof("data"))
    for point in data.data_points:
        if hasattr(point, "count"):
            yield Point(_attributes(point.attributes), point.count, point.sum)
        else:
            yield Point(_attributes(point.attributes), getattr(point, point.WhichOneof("value")), None)


def _attributes(attributes: Iterable[Any]) -> dict[str, Any]:
    return {attribute.key: _value(attribute.value) for attribute in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return None if kind is None else getattr(value, kind)
