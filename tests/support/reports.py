"""What an SDK reports about itself, written by hand, so that a test may tell what is not true."""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from botobs.semconv import sdk
from testbed.stack import LiveStack

_CUMULATIVE = 2


@dataclass(frozen=True)
class Report:
    """One metric export.

    Attributes:
        service: Who sends it.
        number: Of the export.
        exported: Spans that are said to have been acknowledged.
        started: Spans that are said to have been started.
        at: Nanoseconds since the epoch.
    """

    service: str
    number: int
    exported: int
    started: int
    at: int

    def encoded(self) -> bytes:
        """The ExportMetricsServiceRequest, encoded."""
        request = ExportMetricsServiceRequest()
        one = request.resource_metrics.add()
        for key, value in (("service.name", self.service), ("service.instance.id", f"{self.service}-0")):
            one.resource.attributes.add(key=key).value.string_value = value
        scope = one.scope_metrics.add()
        for metric, number, attributes in (
            (sdk.METRIC_EXPORTS, self.number, {}),
            (sdk.EXPORTED, self.exported, {sdk.SIGNAL: "traces"}),
            (sdk.SPANS_STARTED, self.started, {}),
        ):
            made = scope.metrics.add(name=metric.name, unit=metric.unit)
            made.sum.is_monotonic = True
            made.sum.aggregation_temporality = _CUMULATIVE
            point = made.sum.data_points.add(as_int=number, time_unix_nano=self.at)
            for key, value in attributes.items():
                point.attributes.add(key=key).value.string_value = value
        encoded: bytes = request.SerializeToString()
        return encoded


def send(live: LiveStack, report: Report) -> None:
    """Send it as the service would."""
    live.export("/v1/metrics", report.encoded())
