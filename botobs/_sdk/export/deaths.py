"""What is sent of a process that was killed, in its name: the metric `death`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage

from ..._version import __version__
from ...semconv import sdk
from ..engine.redact import redact_metrics

if TYPE_CHECKING:
    from ..redaction import Redactor

_SCOPE = "botobs.sdk"


def encode_death(resource: bytes, when: int, redactor: Redactor) -> bytes:
    """A redacted ExportMetricsServiceRequest.

    Args:
        resource: Of the process, encoded.
        when: Its end was seen, in nanoseconds since the epoch.
        redactor: Removes secrets.

    Returns:
        Nothing if the resource does not say which process it was.
    """
    request = ExportMetricsServiceRequest()
    try:
        message = ResourceMessage.FromString(resource)
    except DecodeError:
        # Written by another version.
        return b""
    if not {"service.name", "service.instance.id"} <= {item.key for item in message.attributes}:
        return b""
    metrics = request.resource_metrics.add()
    metrics.resource.CopyFrom(message)
    scope = metrics.scope_metrics.add()
    scope.scope.name, scope.scope.version = _SCOPE, __version__
    metric = scope.metrics.add(name=sdk.DEATH.name, unit=sdk.DEATH.unit)
    metric.gauge.data_points.add(time_unix_nano=when, as_double=when / 1e9)
    redact_metrics(request, redactor)
    return bytes(request.SerializeToString())
