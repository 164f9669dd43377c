"""An OTLP metric request as the families that `prometheus_client` writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from math import inf
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client import Metric
from prometheus_client.samples import Exemplar

from ._names import label_name, metric_name

#: Attributes of the resource that are labels of every series, as `prometheus/prometheus.yml` promotes them.
PROMOTED = (
    "service.name",
    "service.namespace",
    "service.instance.id",
    "service.version",
    "deployment.environment.name",
    "host.name",
)
#: What a scrape's target is called by: `job` and `instance` hold these.
_IDENTITY = ("service.name", "service.namespace", "service.instance.id")


class Families:
    """The families of one request; a registry to `prometheus_client`'s encoders.

    Args:
        request: An `ExportMetricsServiceRequest` with cumulative totals.
    """

    def __init__(self, request: bytes) -> None:
        self._families: dict[str, Metric] = {}
        self._seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        for one in ExportMetricsServiceRequest.FromString(request).resource_metrics:
            self._add_target(one.resource.attributes)
            for scope in one.scope_metrics:
                for metric in scope.metrics:
                    self._add(metric)

    def collect(self) -> Iterator[Metric]:
        """All families."""
        return iter(self._families.values())

    def _add_target(self, attributes: Iterable[Any]) -> None:
        family = self._family("target", "Target metadata", "info")
        if family is not None:
            # The others are labels of the target, and so of each series.
            rest = _labels(attribute for attribute in attributes if attribute.key not in PROMOTED)
            self._sample(family, "target_info", rest, 1.0)

    def _add(self, metric: Any) -> None:
        kind = metric.WhichOneof("data")
        if kind == "histogram":
            family = self._family(metric_name(metric.name, metric.unit), metric.description, "histogram")
            add = self._add_histogram
        elif kind == "sum" and metric.sum.is_monotonic:
            name = metric_name(metric.name, metric.unit, monotonic=True)
            family = self._family(name.removesuffix("_total"), metric.description, "counter")
            add = self._add_number
        elif kind in ("sum", "gauge"):
            name = metric_name(metric.name, metric.unit, gauge=kind == "gauge")
            family = self._family(name, metric.description, "gauge")
            add = self._add_number
        else:
            # Neither engine makes another kind.
            return
        if family is not None:
            for point in getattr(metric, kind).data_points:
                add(family, point)

    def _family(self, name: str, description: str, kind: str) -> Metric | None:
        """The family of a name, shared by meters that use the same; None if it has another type already."""
        family = self._families.setdefault(name, Metric(name, description, kind)) if name else None
        return family if family is not None and family.type == kind else None

    def _add_number(self, family: Metric, point: Any) -> None:
        value = float(point.as_int if point.HasField("as_int") else point.as_double)
        if family.type == "gauge":
            self._sample(family, family.name, _labels(point.attributes), value)
        else:
            exemplar = next(map(_exemplar, reversed(point.exemplars)), None)
            self._sample(family, f"{family.name}_total", _labels(point.attributes), value, exemplar)

    def _add_histogram(self, family: Metric, point: Any) -> None:
        labels = _labels(point.attributes)
        bounds = [*point.explicit_bounds, inf]
        exemplars: dict[float, Exemplar] = {}
        for recorded in point.exemplars:
            made = _exemplar(recorded)
            exemplars[next(bound for bound in bounds if made.value <= bound)] = made
        for bound, count in zip(bounds, accumulate(point.bucket_counts), strict=True):
            bucket = {**labels, "le": "+Inf" if bound == inf else str(bound)}
            self._sample(family, f"{family.name}_bucket", bucket, float(count), exemplars.get(bound))
        self._sample(family, f"{family.name}_count", labels, float(point.count))
        self._sample(family, f"{family.name}_sum", labels, point.sum)

    def _sample(
        self,
        family: Metric,
        name: str,
        labels: Mapping[str, str],
        value: float,
        exemplar: Exemplar | None = None,
    ) -> None:
        key = name, tuple(sorted(labels.items()))
        # A scrape with the same series twice is refused as a whole.
        if key not in self._seen:
            self._seen.add(key)
            family.add_sample(name, dict(labels), value, exemplar=exemplar)


def target_labels(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The labels of a resource that identify its process: the same as pushed series have."""
    found = {label_name(name): str(attributes[name]) for name in PROMOTED if name in attributes}
    name, namespace, instance = (str(attributes.get(name, "")) for name in _IDENTITY)
    return {"job": f"{namespace}/{name}" if namespace else name, "instance": instance, **found}


def _labels(attributes: Iterable[Any]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for attribute in sorted(attributes, key=lambda each: str(each.key)):
        name = label_name(attribute.key)
        value = _text(attribute.value)
        if value:
            # Attributes whose names become equal share a label, as in Prometheus.
            labels[name] = f"{labels[name]};{value}" if name in labels else value
    return labels


def _text(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, bool):
        return str(plain).lower()
    return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return "" if kind is None else getattr(value, kind)


def _exemplar(recorded: Any) -> Exemplar:
    value = float(recorded.as_int if recorded.HasField("as_int") else recorded.as_double)
    labels = {"trace_id": recorded.trace_id.hex(), "span_id": recorded.span_id.hex()}
    return Exemplar(labels, value, recorded.time_unix_nano / 1e9)
