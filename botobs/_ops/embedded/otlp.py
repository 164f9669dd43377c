"""Reads export requests of OTLP over HTTP, in protobuf and in JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

#: The request of each signal, by the last part of its path.
REQUESTS: Mapping[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
#: Fields that OTLP's JSON has in hexadecimal digits, where the JSON of protobuf has base64.
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})


def parse(signal: str, body: bytes) -> Message:
    """An export request in protobuf.

    Raises:
        ValueError: It is none.
    """
    request = REQUESTS[signal]()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise ValueError(f"no export request of {signal}: {error}") from None
    return request


def parse_json(signal: str, body: bytes) -> Message:
    """An export request in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.

    Raises:
        ValueError: It is none.
    """
    try:
        return ParseDict(_ids(json.loads(body)), REQUESTS[signal](), ignore_unknown_fields=True)
    except (ParseError, RecursionError) as error:
        raise ValueError(f"no export request of {signal}: {error}") from None


def _ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(each)).decode()
        if name in _IDS and isinstance(each, str)
        else _ids(each)
        for name, each in value.items()
    }


def spans(request: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """The spans of a request, each with the attributes of its resource."""
    for resource in request.resource_spans:
        shared = attributes(resource.resource)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield shared, span


def log_records(request: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """The log records of a request, each with the attributes of its resource."""
    for resource in request.resource_logs:
        shared = attributes(resource.resource)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                yield shared, record


def attributes(owner: Any) -> dict[str, Any]:
    """The attributes of a message as plain values."""
    return {item.key: plain(item.value) for item in owner.attributes}


def plain(value: Any) -> Any:
    """Convert an `AnyValue` to a Python value."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: plain(item.value) for item in value.kvlist_value.values}
    return getattr(value, kind) if kind else None
