"""Redacts protobuf requests in place, right before they are serialized, so that nothing is exported unredacted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from ..redaction import Redactor

from ..turns import in_turns
from .values import redacted


def redact_spans(request: ExportTraceServiceRequest, redactor: Redactor, length: int | None = None) -> None:
    """Remove secrets from resources, scopes, names, states, attributes, events, links and status texts.

    Args:
        request: Is changed.
        redactor: Replaces secrets.
        length: Characters kept of each string of a span's, an event's and a link's attributes.
    """
    for resource_spans in request.resource_spans:
        _attributes(resource_spans.resource.attributes, redactor)
        for scope_spans in resource_spans.scope_spans:
            _scope(scope_spans.scope, redactor)
            for span in scope_spans.spans:
                _text(span, "name", redactor)
                _attributes(span.attributes, redactor, length=length)
                for event in span.events:
                    _text(event, "name", redactor)
                    _attributes(event.attributes, redactor, length=length)
                for link in span.links:
                    _attributes(link.attributes, redactor, length=length)
                    _text(link, "trace_state", redactor)
                _text(span.status, "message", redactor)
                _text(span, "trace_state", redactor)


def redact_metrics(request: ExportMetricsServiceRequest, redactor: Redactor) -> None:
    """Remove secrets from resources, scopes, metrics' names and descriptions, series and exemplars.

    Series were redacted when they began; the process may have learned of another secret since.
    """
    for resource_metrics in request.resource_metrics:
        _attributes(resource_metrics.resource.attributes, redactor)
        for scope_metrics in resource_metrics.scope_metrics:
            _scope(scope_metrics.scope, redactor)
            for metric in scope_metrics.metrics:
                for field in ("name", "description", "unit"):
                    _text(metric, field, redactor)
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points if kind else ():
                    _attributes(point.attributes, redactor)
                    for exemplar in getattr(point, "exemplars", ()):
                        _attributes(exemplar.filtered_attributes, redactor)


def redact_logs(request: ExportLogsServiceRequest, redactor: Redactor) -> None:
    """Remove secrets from resources, loggers' names, bodies and attributes."""
    for resource_logs in request.resource_logs:
        _attributes(resource_logs.resource.attributes, redactor)
        for scope_logs in resource_logs.scope_logs:
            _scope(scope_logs.scope, redactor)
            for record in in_turns(scope_logs.log_records):
                _value("", record.body, redactor)
                _attributes(record.attributes, redactor)


def _text(owner: Any, field: str, redactor: Redactor) -> None:
    text = getattr(owner, field)
    if text:
        clean = redactor.text(text)
        if clean != text:
            setattr(owner, field, clean)


def _scope(scope: Any, redactor: Redactor) -> None:
    _text(scope, "name", redactor)
    _text(scope, "version", redactor)
    _attributes(scope.attributes, redactor)


def _attributes(
    attributes: Iterable[Any], redactor: Redactor, parent: str = "", length: int | None = None
) -> None:
    for attribute in attributes:
        key = attribute.key
        _value(redactor.inner(parent, key) if parent else key, attribute.value, redactor, length)
        _text(attribute, "key", redactor)


def _value(key: str, value: Any, redactor: Redactor, length: int | None = None) -> None:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        for item in value.array_value.values:
            _value(key, item, redactor, length)
    elif kind == "kvlist_value":
        _attributes(value.kvlist_value.values, redactor, key, length)
    elif kind == "string_value":
        value.string_value = redacted(key, value.string_value, redactor, length)
    elif kind is not None:
        given = getattr(value, kind)
        clean = redactor.attribute(key, given)
        if clean is not given and clean != given:
            value.string_value = clean
