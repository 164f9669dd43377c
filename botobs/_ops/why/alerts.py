"""The alerts that Prometheus holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..prometheus import PrometheusClient


@dataclass(frozen=True, eq=False)
class Alert:
    """One alert, firing or pending.

    Attributes:
        labels: Without its name.
        firing: Whether it fires, or waits for its time.
        since: When what it measures began to be above its limit, in seconds since the epoch.
        value: What its rule measured last.
        expr: Its rule, in PromQL.
    """

    name: str
    labels: Mapping[str, str]
    firing: bool
    since: float
    value: float
    summary: str
    description: str
    expr: str

    @property
    def severity(self) -> str:
        """`critical`, `warning`, or `none`."""
        return self.labels.get("severity", "")

    @property
    def about(self) -> str:
        """The labels that distinguish it from other alerts of its name: service, exchange, bot, database."""
        names = ("service_name", "exchange_name", "botobs_bot_id", "datname")
        return " ".join(self.labels[name] for name in names if self.labels.get(name))


def active_alerts(prometheus: PrometheusClient) -> list[Alert]:
    """The alerts that fire or are pending, the worst and oldest first.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    found = [alert for rule in prometheus.alerting_rules() for alert in _of_rule(rule)]
    # Those of severity none, such as the watchdog, always fire.
    found = [alert for alert in found if alert.severity != "none"]
    return sorted(found, key=lambda each: (not each.firing, each.severity != "critical", each.since))


def _of_rule(rule: Mapping[str, Any]) -> Iterator[Alert]:
    for raw in rule.get("alerts") or []:
        labels = {name: value for name, value in raw["labels"].items() if name != "alertname"}
        yield Alert(
            name=raw["labels"]["alertname"],
            labels=labels,
            firing=raw["state"] == "firing",
            # Prometheus writes nanoseconds, of which datetime reads six digits.
            since=datetime.fromisoformat(raw["activeAt"]).timestamp(),
            value=float(raw["value"]),
            summary=raw["annotations"].get("summary", ""),
            description=raw["annotations"].get("description", ""),
            expr=rule.get("query", ""),
        )
