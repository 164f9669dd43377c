"""The alerts that Prometheus holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..prometheus import PrometheusClient

_ABOUT = ("service_name", "exchange_name", "datname", "host_name")
#: Seconds before a moment in which alerts are looked for that fired then, and between two looks at them.
_RECENT, _STEP = 60, 5


@dataclass(frozen=True, eq=False)
class Alert:
    """One alert, firing or pending.

    Attributes:
        labels: Without its name.
        firing: Whether it fires, or waits for its time.
        since: When what it measures began to be above its limit, in seconds since the epoch.
        value: What its rule measured last.
        expr: Its rule, in PromQL.
        over: Since when its rule no longer holds, where it fires on (`keep_firing_for`) or has ended.
    """

    name: str
    labels: Mapping[str, str]
    firing: bool
    since: float
    value: float
    summary: str
    description: str
    expr: str
    over: float | None = None

    @property
    def severity(self) -> str:
        """`critical`, `warning`, or `none`."""
        return self.labels.get("severity", "")

    @property
    def about(self) -> str:
        """What tells it from others of its name: service, exchange, bot."""
        return self._named(*_ABOUT, "botobs_bot_id")

    @property
    def about_what(self) -> str:
        """The same without the bot: what twenty bots' alerts have in common."""
        return self._named(*_ABOUT)

    def _named(self, *names: str) -> str:
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
            since=_moment(raw["activeAt"]),
            value=float(raw["value"]),
            summary=raw["annotations"].get("summary", ""),
            description=raw["annotations"].get("description", ""),
            expr=rule.get("query", ""),
            over=_moment(raw["keepFiringSince"]) if raw.get("keepFiringSince") else None,
        )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def ended_alerts(
    prometheus: PrometheusClient, since: float, at: float, active: Sequence[Alert]
) -> list[Alert]:
    """The alerts that fired between two moments, and are over now.

    Args:
        prometheus: Where.
        since: Seconds since the epoch.
        at: The same, at most half a minute later.
        active: Those that are not over.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    still = {(alert.name, frozenset(alert.labels.items())) for alert in active}
    fired = f'max_over_time(timestamp(ALERTS{{alertstate="firing",severity!="none"}})[{_RECENT}s:{_STEP}s])'
    last = {frozenset(_without(each.labels).items()): each.value for each in prometheus.samples(fired, at)}
    found = []
    for each in prometheus.samples(f"last_over_time(ALERTS_FOR_STATE[{_RECENT}s])", at):
        labels = _without(each.labels)
        over = last.get(frozenset(labels.items()))
        if over is None or over <= since:
            continue
        name = labels.pop("alertname", "")
        if (name, frozenset(labels.items())) not in still:
            found.append(Alert(name, labels, False, each.value, 1.0, "", "", "", over=over))
    return found


def _without(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that tell an alert from others: not the metric's name, nor its state."""
    return {name: value for name, value in labels.items() if name not in ("__name__", "alertstate")}
