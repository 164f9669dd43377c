"""Export requests of traces that are written by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status


@dataclass(frozen=True)
class Span:
    """A span to be sent.

    Attributes:
        seconds: How long it took.
        ago: Seconds since it began.
        attributes: Texts.
        parent: Its parent's id; empty for a root.
    """

    name: str
    seconds: float = 0.01
    failed: bool = False
    ago: float = 1.0
    attributes: Mapping[str, str] = field(default_factory=dict)
    trace_id: bytes = field(default_factory=lambda: os.urandom(16))
    span_id: bytes = field(default_factory=lambda: os.urandom(8))
    parent: bytes = b""

    def below(self, name: str, **more: str) -> Span:
        """A child."""
        return Span(name, attributes=more, ago=self.ago, trace_id=self.trace_id, parent=self.span_id)


def traces(*spans: Span, service: str = "engine") -> ExportTraceServiceRequest:
    """The request of a service for these spans."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.append(_text("service.name", service))
    scope = resource.scope_spans.add()
    for each in spans:
        start = time.time_ns() - round(each.ago * 1e9)
        made = scope.spans.add(
            name=each.name,
            trace_id=each.trace_id,
            span_id=each.span_id,
            parent_span_id=each.parent,
            start_time_unix_nano=start,
            end_time_unix_nano=start + round(each.seconds * 1e9),
        )
        made.attributes.extend(_text(*item) for item in each.attributes.items())
        if each.failed:
            made.status.code = Status.STATUS_CODE_ERROR
            made.status.message = "no answer"
    return request


def _text(key: str, value: str) -> KeyValue:
    pair = KeyValue(key=key)
    pair.value.string_value = value
    return pair
