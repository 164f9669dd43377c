"""A trace as Tempo returns it, in plain values."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Value = str | bool | int | float | list[Any] | dict[str, Any] | None


class Kind(StrEnum):
    """The side of a call that a span stands for."""

    UNSPECIFIED = "unspecified"
    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


_KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Span:
    """One span.

    Attributes:
        span_id: Sixteen hexadecimal digits.
        parent_id: The parent's, empty for a root.
        service: `service.name` of the process that made it.
        start_ns: Nanoseconds since the epoch.
        end_ns: Nanoseconds since the epoch.
        error: Its status is an error.
        message: The status' description.
    """

    span_id: str
    parent_id: str
    service: str
    name: str
    kind: Kind
    start_ns: int
    end_ns: int
    error: bool = False
    message: str = ""
    attributes: Mapping[str, Value] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """The duration in seconds."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one trace that Tempo holds."""

    trace_id: str
    spans: tuple[Span, ...]

    @property
    def start_ns(self) -> int:
        """When the first span started, in nanoseconds since the epoch."""
        return min(span.start_ns for span in self.spans)

    @property
    def end_ns(self) -> int:
        """When the last span ended, in nanoseconds since the epoch."""
        return max(span.end_ns for span in self.spans)

    @property
    def duration(self) -> float:
        """Seconds from the first start to the last end."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def services(self) -> list[str]:
        """The services that took part, in the order in which they joined."""
        return list(
            dict.fromkeys(span.service for span in sorted(self.spans, key=lambda span: span.start_ns))
        )

    @classmethod
    def from_otlp(cls, trace_id: str, body: Mapping[str, Any]) -> Trace:
        """Read the JSON of `/api/traces/{id}` or `/api/v2/traces/{id}`.

        Both are OTLP's JSON with two differences, which are allowed for: the first calls the list `batches`, and ids
        may be base64 as protobuf's JSON mapping has it.
        """
        body = body.get("trace", body)
        resources = body.get("batches") or body.get("resourceSpans") or []
        return cls(trace_id, tuple(_spans(resources)))


def _spans(resources: Iterable[Mapping[str, Any]]) -> Iterator[Span]:
    for resource in resources:
        service = str(attributes_of(resource.get("resource", {})).get("service.name", "unknown"))
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                yield _span(service, span)


def _span(service: str, raw: Mapping[str, Any]) -> Span:
    status = raw.get("status", {})
    return Span(
        span_id=hex_id(raw["spanId"]),
        parent_id=hex_id(raw.get("parentSpanId", "")),
        service=service,
        name=raw.get("name", ""),
        kind=_kind(raw.get("kind", 0)),
        start_ns=int(raw.get("startTimeUnixNano", 0)),
        end_ns=int(raw.get("endTimeUnixNano", 0)),
        error=status.get("code") in (2, "STATUS_CODE_ERROR"),
        message=status.get("message", ""),
        attributes=attributes_of(raw),
    )


def _kind(raw: int | str) -> Kind:
    if isinstance(raw, int):
        return _KINDS[raw] if raw < len(_KINDS) else Kind.UNSPECIFIED
    return Kind(raw.removeprefix("SPAN_KIND_").lower())


def hex_id(raw: str) -> str:
    """A span or trace id in hexadecimal, whether it came so or in base64."""
    if len(raw) in (0, 16, 32):
        return raw.lower()
    try:
        return base64.b64decode(raw, validate=True).hex()
    except binascii.Error as error:
        raise ValueError(f"{raw!r} is not the id of a span") from error


def attributes_of(owner: Mapping[str, Any]) -> dict[str, Value]:
    """The attributes of a resource or span as plain values."""
    return {item["key"]: _value(item.get("value", {})) for item in owner.get("attributes", [])}


def _value(raw: Mapping[str, Any]) -> Value:
    for kind, value in raw.items():
        if kind == "intValue":
            return int(value)
        if kind == "arrayValue":
            return [_value(item) for item in value.get("values", [])]
        if kind == "kvlistValue":
            return {item["key"]: _value(item.get("value", {})) for item in value.get("values", [])}
        return value  # type: ignore[no-any-return]  # stringValue, boolValue, doubleValue, bytesValue
    return None
