"""What is sent of a process that was killed, in its name: that it is dead, and how many orders it had in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage

from ..._version import __version__
from ...semconv import exchange, sdk, trading
from ..engine.redact import redact_metrics
from ..orders.journal import Submission

if TYPE_CHECKING:
    from ..redaction import Redactor

_SCOPE = "botobs.sdk"


def encode_death(
    resource: bytes, orders: Iterable[Submission], when: int, host: str, redactor: Redactor
) -> bytes:
    """A redacted ExportMetricsServiceRequest.

    Args:
        resource: Of the process, encoded.
        orders: Those that it had in flight; its own last export may be older.
        when: Its end was seen, in nanoseconds since the epoch.
        host: Where this is seen.
        redactor: Removes secrets.

    Returns:
        Nothing if the resource does not say which process it was, or if it was on another host: a lock may not reach
        from one to another, and then its file looks left while it lives.
    """
    request = ExportMetricsServiceRequest()
    try:
        message = ResourceMessage.FromString(resource)
    except DecodeError:
        # Written by another version.
        return b""
    known = {item.key: item.value.string_value for item in message.attributes}
    if not {"service.name", "service.instance.id"} <= known.keys() or known.get("host.name") != host:
        return b""
    metrics = request.resource_metrics.add()
    metrics.resource.CopyFrom(message)
    scope = metrics.scope_metrics.add()
    scope.scope.name, scope.scope.version = _SCOPE, __version__
    death = scope.metrics.add(name=sdk.DEATH.name, unit=sdk.DEATH.unit)
    death.gauge.data_points.add(time_unix_nano=when, as_double=when / 1e9)
    for name, number in Counter(order.attributes.get(exchange.NAME, "") for order in orders).items():
        in_flight = scope.metrics.add(name=trading.IN_FLIGHT.name, unit=trading.IN_FLIGHT.unit)
        point = in_flight.gauge.data_points.add(time_unix_nano=when, as_int=number)
        point.attributes.add(key=exchange.NAME).value.string_value = name
    redact_metrics(request, redactor)
    return bytes(request.SerializeToString())
