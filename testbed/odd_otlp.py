"""OTLP that follows the protobuf definition and nothing else: every field odd, from a seed."""

from __future__ import annotations

import base64
import json
import math
import random
import time
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

#: Takes the place of text that Python's protobuf would not let pass; as long as what replaces it.
_PLACEHOLDER, _INVALID = "@@@@", b"\xff\xfe\xfa\xf0"
_TEXTS = (
    *(
        "",
        " ",
        "!",
        "_",
        "__",
        "__name__",
        "le",
        "job",
        "instance",
        "9",
        "a b",
        "交易所",
        "ключ",
        "🚀",
        "a.b",
        "a_b",
    ),
    *(
        "service.name",
        "service_name",
        "service.instance.id",
        "exchange.name",
        "error.type",
        "db.namespace",
        "%",
    ),
    *(
        "peer.service",
        _PLACEHOLDER,
        f"x{_PLACEHOLDER}",
        "long text " * 500,
        "target_info",
        "botobs.respelled",
    ),
    *("\0", '"\\\n'),
)
_NUMBERS = (0, 1, 2, 3, 5, 2**31 - 1)
_FLOATS = (0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 1e308, 5e-324)
_BYTES = (b"", bytes(8), bytes(16), b"\1" * 8, b"\2" * 16, b"\3" * 3)
_ID_BYTES = {"traceId": 16, "spanId": 8}
_YEAR = 365 * 86400 * 10**9
#: Repeated fields have as many values at most.
_MOST = 3
_DEEPEST = 12


def request(seed: int, service: str) -> tuple[str, bytes]:
    """A path and a body: metrics or spans that claim to come from `service`.

    Args:
        seed: Makes the same request each time, but for what depends on the time.
        service: Its name, beside whatever else the resource says.
    """
    rng = random.Random(seed)
    metrics = rng.random() < 0.6
    message: Any = ExportMetricsServiceRequest() if metrics else ExportTraceServiceRequest()
    _fill(message, rng, 0)
    for one in message.resource_metrics if metrics else message.resource_spans:
        one.resource.attributes.add(key="service.name").value.string_value = service
    body = message.SerializeToString().replace(_PLACEHOLDER.encode(), _INVALID)
    return ("/v1/metrics" if metrics else "/v1/traces"), body


def nearly_usual(seed: int, service: str) -> tuple[str, bytes]:
    """A path and a body as an SDK sends them, of which two fields at most are odd.

    Args:
        seed: Makes the same request each time, but for what depends on the time.
        service: Its name.
    """
    rng = random.Random(seed)
    metrics = rng.random() < 0.6
    message: Any = ExportMetricsServiceRequest() if metrics else ExportTraceServiceRequest()
    one = (message.resource_metrics if metrics else message.resource_spans).add()
    for key, text in (
        *(("service.name", service), ("service.instance.id", f"{service}-{seed % 3}")),
        *((("telemetry.distro.name", "botobs"),) if rng.random() < 0.7 else ()),
        *((("host.name", "desk-1"),) if rng.random() < 0.3 else ()),
    ):
        one.resource.attributes.add(key=key).value.string_value = text
    if rng.random() < 0.7:
        one.resource.attributes.add(key="process.pid").value.int_value = seed
    if metrics:
        _usual_points(one.scope_metrics.add(), rng)
    else:
        _usual_spans(one.scope_spans.add(), rng)
    for _ in range(rng.randint(0, 2)):
        place = rng.choice(list(_messages(message)))
        _odd(place, rng.choice(place.DESCRIPTOR.fields), rng)
    body = message.SerializeToString().replace(_PLACEHOLDER.encode(), _INVALID)
    return ("/v1/metrics" if metrics else "/v1/traces"), body


def _usual_spans(scope: Any, rng: random.Random) -> None:
    for number in range(3):
        span = scope.spans.add(
            trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name="create_order binance"
        )
        span.start_time_unix_nano, span.end_time_unix_nano = time.time_ns() - 10**6, time.time_ns()
        span.attributes.add(key="exchange.symbol").value.string_value = "BTC/USDT"
        span.attributes.add(key="attempt").value.int_value = number
        span.attributes.add(key="tags").value.array_value.values.add().string_value = "grid"
        span.events.add(name="retry").attributes.add(key="reason").value.string_value = "timeout"
        span.status.message = "timed out"


def _usual_points(scope: Any, rng: random.Random) -> None:
    now = time.time_ns()
    kinds = [("gauge", 1.5), ("sum", 7), ("histogram", None), ("summary", None)]
    for kind, value in rng.sample(kinds, 2):
        held = getattr(scope.metrics.add(name=f"bot.{kind}", unit="1"), kind)
        if kind in ("sum", "histogram"):
            held.aggregation_temporality = 2
        point = held.data_points.add(time_unix_nano=now)
        point.attributes.add(key="exchange.name").value.string_value = "binance"
        point.attributes.add(key="live").value.bool_value = True
        if isinstance(value, int):
            point.as_int, point.start_time_unix_nano = value, now - 10**9
        elif value is not None:
            point.as_double = value
        if kind == "histogram":
            point.count, point.sum = 3, 0.5
            point.bucket_counts.extend([1, 2])
            point.explicit_bounds.append(0.1)
            point.exemplars.add(as_double=0.2, time_unix_nano=now, trace_id=b"t" * 16, span_id=b"s" * 8)


def _messages(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if field.is_repeated else (value,):
                yield from _messages(each)


def _odd(message: Any, field: Any, rng: random.Random) -> None:
    if field.is_repeated:
        _append(getattr(message, field.name), field, rng, 4)
    elif field.message_type is not None:
        getattr(message, field.name).SetInParent()
        _fill(getattr(message, field.name), rng, 5)
    else:
        setattr(message, field.name, _value(field, rng))


def as_json(body: bytes) -> bytes:
    """A request for metrics as JSON of OTLP, where a text is always one and an id has its length.

    Ids are written in hexadecimal there: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
    """
    message = ExportMetricsServiceRequest.FromString(body.replace(_INVALID, _PLACEHOLDER.encode()))
    written = json_format.MessageToDict(message, use_integers_for_enums=True)
    return json.dumps(_with_ids(written)).encode()


def _with_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _hexadecimal(each, _ID_BYTES[key]) if key in _ID_BYTES else _with_ids(each)
        for key, each in value.items()
    }


def _hexadecimal(encoded: str, length: int) -> str:
    return base64.b64decode(encoded)[:length].ljust(length, b"\0").hex()


def _fill(message: Any, rng: random.Random, depth: int) -> None:
    chosen = {group.name: rng.choice(group.fields).name for group in message.DESCRIPTOR.oneofs}
    for field in message.DESCRIPTOR.fields:
        group = field.containing_oneof
        if group is not None and chosen[group.name] != field.name:
            continue
        # What leads to data is there, or most requests would be empty.
        if depth > 3 and rng.random() < 0.2:
            continue
        if field.is_repeated:
            for _ in range(rng.randint(1 if depth < 4 else 0, _MOST)):
                _append(getattr(message, field.name), field, rng, depth)
        elif field.message_type is not None:
            if depth < _DEEPEST:
                getattr(message, field.name).SetInParent()
                _fill(getattr(message, field.name), rng, depth + 1)
        else:
            setattr(message, field.name, _value(field, rng))


def _append(values: Any, field: Any, rng: random.Random, depth: int) -> None:
    if field.message_type is None:
        values.append(_value(field, rng))
    elif depth < _DEEPEST:
        _fill(values.add(), rng, depth + 1)


def _value(field: Any, rng: random.Random) -> Any:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        if field.type == FieldDescriptor.TYPE_BYTES:
            # Ids of another length are refused at the door, with all beside them.
            right = 8 if "span_id" in field.name else 16
            return rng.choice(_BYTES if rng.random() < 0.02 else (bytes(right), rng.randbytes(right)))
        return rng.choice(_TEXTS)
    if field.name.endswith("time_unix_nano"):
        now = time.time_ns()
        return rng.choice((now, now, now, 0, 1, now - 2 * _YEAR, now + _YEAR, 2**63 + 5, 2**64 - 1))
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return rng.choice(_FLOATS)
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return rng.choice(field.enum_type.values).number
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.5
    signed = kind in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
    return -rng.choice(_NUMBERS) if signed and rng.random() < 0.3 else rng.choice(_NUMBERS)
