"""What the charts of others make of the values in deploy/helm/values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tests.support import charts


def values(name: str) -> Any:
    """The values for a chart."""
    return yaml.safe_load((charts.VALUES / f"{name}.yaml").read_text(encoding="utf-8"))


def mimir() -> dict[str, Any]:
    """Mimir's configuration, as far as the values say it; null takes a default of the chart away."""
    found: dict[str, Any] = _without_nulls(values("mimir-distributed")["mimir"]["structuredConfig"])
    return found


def tempo() -> dict[str, Any]:
    """Tempo's configuration, for what tempo/cluster.yaml speaks of."""
    given = values("tempo-distributed")
    ingester = dict(given["ingester"]["config"])
    ring = {"lifecycler": {"ring": {"replication_factor": ingester.pop("replication_factor")}}}
    grpc = given["traces"]["otlp"]["grpc"]["receiverConfig"]
    made = dict(given["tempo"]["structuredConfig"])
    for more in (
        {"ingester": {**ring, **ingester}},
        {"distributor": given["distributor"]["config"]},
        {"distributor": {"receivers": {"otlp": {"protocols": {"grpc": grpc}}}}},
        {"compactor": given["compactor"]["config"]},
        {"query_frontend": given["queryFrontend"]["config"]},
        {"metrics_generator": given["metricsGenerator"]["config"]},
        {"storage": given["storage"]},
        {"overrides": given["overrides"]},
    ):
        made = merged(made, more)
    return {
        **made,
        "multitenancy_enabled": given["multitenancyEnabled"],
        "stream_over_http_enabled": given["streamOverHTTPEnabled"],
        "usage_report": {"reporting_enabled": given["reportingEnabled"]},
    }


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, where they speak of the same the second."""
    made = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if both else value
    return made


def _without_nulls(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    kept = {key: _without_nulls(value) for key, value in content.items() if value is not None}
    return {key: value for key, value in kept.items() if value != {}}
