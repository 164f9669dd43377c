"""Runs a program on both engines and makes what they send comparable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler
from opentelemetry.trace import SpanContext, TraceFlags, TraceState

from botobs._sdk.engine import Engine, Limits, create_engine
from botobs._sdk.redaction import Redactor

SAMPLED = SpanContext(0xABC, 0xDEF, True, TraceFlags(1), TraceState([("vendor", "x")]))
RESOURCE = Resource({"service.name": "tested", "host.name": "here"}, schema_url="https://schema.example/1")


@pytest.fixture
def warnings_not_compared(caplog: pytest.LogCaptureFixture) -> None:
    """Both engines warn of odd input, each in its words."""
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    caplog.set_level(logging.CRITICAL, "botobs")


@pytest.fixture
def botobs_warns(caplog: pytest.LogCaptureFixture) -> None:
    """Warnings of botobs are captured, and those of OpenTelemetry are not."""
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    caplog.set_level(logging.WARNING, "botobs")


class Recording:
    """An engine, and what came out of it.

    Args:
        name: `stock`, `fast`, or `fast+` for the fast engine with a span processor attached, which takes it off its
            short path.
    """

    def __init__(self, name: str, sampler: Sampler | None = None, limits: Limits | None = None) -> None:
        self.name = name
        self.ended: list[Any] = []
        self.engine: Engine = create_engine(
            name.rstrip("+"),
            RESOURCE,
            sampler or ParentBased(ALWAYS_ON),
            self.ended.append,
            Redactor(),
            limits or Limits(),
        )
        if name.endswith("+"):
            self.engine.tracer_provider.add_span_processor(SpanProcessor())  # type: ignore[attr-defined]
        self.tracer = self.engine.tracer_provider.get_tracer("tested", "1.0")
        self.meter = self.engine.meter_provider.get_meter("tested", "1.0")

    def trace_request(self) -> ExportTraceServiceRequest:
        """The request of all spans that ended."""
        encoded = self.engine.encode_spans(self.ended)
        request: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString(encoded)
        return request

    def spans(self) -> list[dict[str, Any]]:
        """All spans, with names in place of ids and without times; by name and start."""
        return comparable_spans(self.trace_request())

    def metrics(self) -> dict[str, Any]:
        """All metrics by name, without times."""
        return comparable_metrics(
            ExportMetricsServiceRequest.FromString(self.engine.collect_metrics() or b"")
        )

    def value(self, metric: str) -> float:
        """The value of a metric with one series; of a histogram its sum."""
        (point,) = self.metrics()[metric]["points"]
        return float(point["sum"] if "sum" in point else point["value"][1])


ENGINES = ("stock", "fast", "fast+")


@pytest.fixture(params=ENGINES)
def recording(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """Each engine in turn."""
    made = Recording(request.param)
    yield made
    made.engine.shutdown()


def value_of(value: AnyValue) -> Any:
    """An attribute's value with its type, which Python's equality would not tell apart."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {"map": {pair.key: value_of(pair.value) for pair in value.kvlist_value.values}}
    return (kind, getattr(value, kind)) if kind else None


def attributes_of(pairs: Any) -> dict[str, Any]:
    """Attributes by name; OTLP forbids one name twice."""
    attributes = {pair.key: value_of(pair.value) for pair in pairs}
    assert len(attributes) == len(pairs)
    return attributes


def comparable_spans(request: ExportTraceServiceRequest) -> list[dict[str, Any]]:
    """The spans of a request without what differs from run to run."""
    found = [
        (group.resource, group.schema_url, scope, span)
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    names = {span.span_id: span.name for *_, span in found}
    traces = {
        span.trace_id: span.name
        for *_, span in sorted(found, key=lambda item: item[3].start_time_unix_nano)[::-1]
    }
    result = []
    for resource, schema, scope, span in sorted(
        found, key=lambda item: (item[3].name, item[3].start_time_unix_nano)
    ):
        assert len(span.trace_id) == 16
        assert len(span.span_id) == 8
        result.append(
            {
                "name": span.name,
                "trace": traces[span.trace_id],
                "parent": _who(names, span.parent_span_id),
                "kind": span.kind,
                "ordered": span.start_time_unix_nano <= span.end_time_unix_nano,
                "attributes": attributes_of(span.attributes),
                "dropped": (
                    span.dropped_attributes_count,
                    span.dropped_events_count,
                    span.dropped_links_count,
                ),
                "events": [_event(event) for event in span.events],
                "links": [
                    (
                        _who(names, link.span_id),
                        attributes_of(link.attributes),
                        link.dropped_attributes_count,
                        link.flags,
                    )
                    for link in span.links
                ],
                "status": (span.HasField("status"), span.status.code, span.status.message),
                "state": span.trace_state,
                "flags": span.flags,
                "scope": (
                    scope.scope.name,
                    scope.scope.version,
                    attributes_of(scope.scope.attributes),
                    scope.schema_url,
                ),
                "resource": (attributes_of(resource.attributes), schema),
            }
        )
    return result


def _who(names: dict[bytes, str], span_id: bytes) -> str:
    """A span's name; the ids of remote spans are small numbers in the tests, others are random."""
    unknown = span_id.hex() if int.from_bytes(span_id, "big") < 1 << 16 else "a span that was not sent"
    return names.get(span_id, unknown)


def _event(event: Any) -> tuple[Any, ...]:
    attributes = attributes_of(event.attributes)
    # The frames of a traceback are those of the engine that ran.
    attributes.pop("exception.stacktrace", None)
    return event.name, attributes, event.dropped_attributes_count


def comparable_metrics(request: ExportMetricsServiceRequest) -> dict[str, Any]:
    """The metrics of a request without what differs from run to run."""
    found: dict[str, Any] = {}
    for group in request.resource_metrics:
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind)
                assert metric.name not in found
                found[metric.name] = {
                    "kind": kind,
                    "unit": metric.unit,
                    "description": metric.description,
                    "temporality": getattr(data, "aggregation_temporality", None),
                    "monotonic": getattr(data, "is_monotonic", None),
                    "points": sorted((_point(kind, point) for point in data.data_points), key=repr),
                    "scope": (scope.scope.name, scope.scope.version, scope.schema_url),
                    "resource": (attributes_of(group.resource.attributes), group.schema_url),
                }
    return found


def _point(kind: str, point: Any) -> dict[str, Any]:
    assert kind == "gauge" or 0 < point.start_time_unix_nano <= point.time_unix_nano
    common = {
        "attributes": attributes_of(point.attributes),
        "exemplars": [
            (exemplar.as_int or exemplar.as_double, exemplar.WhichOneof("value"))
            for exemplar in point.exemplars
        ],
    }
    if kind != "histogram":
        field = point.WhichOneof("value")
        return {**common, "value": (field, getattr(point, field))}
    return {
        **common,
        "count": point.count,
        "sum": point.sum,
        "buckets": list(point.bucket_counts),
        "bounds": list(point.explicit_bounds),
        "range": (point.min, point.max),
    }


Program = Callable[[Recording], None]


def assert_same(
    program: Program, sampler: Callable[[], Sampler] | None = None, limits: Limits | None = None
) -> Recording:
    """Run `program` on all engines; all must send the same. Returns the fast one's recording."""
    outcomes = {}
    for name in ENGINES:
        outcome = Recording(name, sampler and sampler(), limits)
        program(outcome)
        outcomes[name] = outcome
    expected_spans, expected_metrics = outcomes["stock"].spans(), outcomes["stock"].metrics()
    assert expected_spans or expected_metrics or sampler
    for name in ENGINES[1:]:
        assert outcomes[name].spans() == expected_spans, name
        assert outcomes[name].metrics() == expected_metrics, name
    return outcomes["fast"]


@pytest.fixture
def same() -> Callable[..., Recording]:
    """`assert_same`."""
    return assert_same
