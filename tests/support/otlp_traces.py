"""Traces that are written by hand, sent to a stack's collector, and looked up in its Tempo."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from testbed.stack import LiveStack


@dataclass(frozen=True)
class Span:
    """A span to be sent.

    Attributes:
        name: Its name.
        seconds: How long it took.
        failed: Whether it failed.
        attributes: Texts.
    """

    name: str
    seconds: float = 0.01
    failed: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


def send(live: LiveStack, service: str, *traces: tuple[Span, ...]) -> list[str]:
    """Send traces in one request; the first span of each is the root of the others. Returns their ids."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    for key, value in (("service.name", service), ("service.instance.id", f"{service}-0")):
        resource.resource.attributes.add(key=key).value.string_value = value
    ids = [os.urandom(16) for _ in traces]
    for trace_id, spans in zip(ids, traces, strict=True):
        root = b""
        for span in spans:
            end = time.time_ns()
            made = resource.scope_spans.add().spans.add(
                name=span.name, trace_id=trace_id, span_id=os.urandom(8), parent_span_id=root,
                start_time_unix_nano=end - int(span.seconds * 1e9), end_time_unix_nano=end,
            )  # fmt: skip
            root = root or made.span_id
            if span.failed:
                made.status.code = Status.STATUS_CODE_ERROR
            for key, value in span.attributes.items():
                made.attributes.add(key=key).value.string_value = value
    live.export("/v1/traces", request.SerializeToString())
    return [trace_id.hex() for trace_id in ids]


def stored(live: LiveStack, trace_id: str) -> list[str]:
    """Names of the spans of a trace that Tempo has, in alphabetical order."""
    with live.client("tempo") as http:
        answer = http.get(f"/api/traces/{trace_id}")
        if answer.status_code == 404:
            return []
        answer.raise_for_status()
        return sorted(
            span["name"]
            for batch in answer.json()["batches"]
            for scope in batch["scopeSpans"]
            for span in scope["spans"]
        )
