"""What is sent of orders without a response: a span of no duration each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ..._version import __version__
from ...semconv import exchange, trading
from ..engine.redact import redact_spans
from ..ids import Ids
from ..orders.journal import Submission
from ..safe import number_of, sendable, text_of

if TYPE_CHECKING:
    from ..redaction import Redactor

#: Name of the span.
SUBMITTED = "order submitted"
_SCOPE = "botobs.orders"
_NUMBERS = frozenset({exchange.ORDER_AMOUNT, exchange.ORDER_PRICE})
#: What stays of a resource that is too long for a journal's header.
_IDENTITY = (
    "service.name",
    "service.namespace",
    "service.instance.id",
    "deployment.environment.name",
    "host.name",
)


def encode_resource(attributes: Mapping[str, Any], redactor: Redactor) -> ResourceMessage:
    """A process's resource, redacted."""
    message = ResourceMessage()
    _set_attributes(message, attributes)
    request = ExportTraceServiceRequest.FromString(encode(message, (), redactor))
    resource: ResourceMessage = request.resource_spans[0].resource
    return resource


def encode_left(resource: bytes, found: list[Submission], redactor: Redactor) -> tuple[bytes, str]:
    """The request for what another process has left, and the name of its service."""
    try:
        message = ResourceMessage.FromString(resource)
    except DecodeError:
        # Written by another version. The orders are more than who has sent them.
        message = ResourceMessage()
    names = [item.value.string_value for item in message.attributes if item.key == "service.name"]
    return encode(message, found, redactor, left=True), "".join(names[:1])


def encode(
    resource: ResourceMessage, found: Iterable[Submission], redactor: Redactor, *, left: bool = False
) -> bytes:
    """A redacted ExportTraceServiceRequest.

    Args:
        resource: Of the process that has sent the orders.
        found: The orders.
        redactor: Removes secrets.
        left: Whether that process has ended without a response.
    """
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    spans.resource.CopyFrom(resource)
    scope = spans.scope_spans.add()
    scope.scope.name, scope.scope.version = _SCOPE, __version__
    for submission in found:
        _fill(scope.spans.add(), submission, left)
    redact_spans(request, redactor)
    return bytes(request.SerializeToString())


def _fill(span: Span, submission: Submission, left: bool) -> None:
    trace_id, parent = submission.trace_id, submission.span_id
    known = submission.attributes
    if not trace_id:
        # The order's own trace, as `botobs.trading` derives it.
        order = Ids.derive(
            "botobs.order", known.get(exchange.NAME, ""), known.get(exchange.ORDER_CLIENT_ID, "")
        )
        trace_id, parent = order.trace_id, 0
    own = Ids.derive(SUBMITTED, f"{trace_id:x}", f"{parent:x}", str(submission.time), str(left))
    span.trace_id = trace_id.to_bytes(16, "big")
    span.span_id = own.span_id.to_bytes(8, "big")
    if parent:
        span.parent_span_id = parent.to_bytes(8, "big")
    span.name = SUBMITTED
    span.kind = Span.SPAN_KIND_INTERNAL
    span.start_time_unix_nano = span.end_time_unix_nano = submission.time
    span.flags = int(submission.sampled)
    _set_attributes(span, {**known, trading.ORDER_LEFT_BEHIND: True} if left else known)


def _set_attributes(owner: Any, attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        item = owner.attributes.add(key=sendable(name)).value
        number = number_of(value) if not isinstance(value, str) else _number(name, value)
        if isinstance(value, bool):
            item.bool_value = value
        elif isinstance(number, int):
            item.int_value = number
        elif number is not None:
            item.double_value = number
        else:
            item.string_value = sendable(text_of(value))


def _number(name: str, text: str) -> float | None:
    if name not in _NUMBERS:
        return None
    try:
        return number_of(float(text))
    except ValueError:
        return None


def shortened(resource: ResourceMessage) -> ResourceMessage:
    """A copy of `resource` with the attributes that identify a process."""
    message = ResourceMessage()
    for item in resource.attributes:
        if item.key in _IDENTITY:
            message.attributes.add(key=item.key).value.string_value = item.value.string_value[:200]
    return message
