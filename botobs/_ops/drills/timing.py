"""How long a fault takes to a mailbox by the settings: what each step may cost, added up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..._sdk import units
from ..home import assets
from ..home.render import render_text
from .drill import Drill
from .profile import Profile

#: Defaults of settings that no configuration file states: the SDK's, and the dead-man's switch's.
_DEFAULTS = {"OTEL_METRIC_EXPORT_INTERVAL": "10000", "BOTOBS_ALERT_RESEND_DELAY": "1m"}
_TEMPLATES = ("alertmanager/alertmanager.yml", "collector/collector.yaml", "prometheus/prometheus.yml")
#: Resend delays after which Alertmanager resolves an alert that Prometheus sends no more.
_BELIEF = 4
#: From Alertmanager to the mailbox, in seconds: a mail server that is near.
_MAIL = 1.0


@dataclass(frozen=True)
class Promise:
    """Seconds from a fault to the mailbox.

    Attributes:
        typical: When every interval is half over at the moment of the fault.
        latest: When every interval has just begun.
    """

    typical: float
    latest: float


def promised(drill: Drill, profile: Profile) -> Promise:
    """What the settings of a profile promise for a drill."""
    setting = _Settings(profile.variables)
    measured = setting.of(drill.signal)
    if drill.by_deadman:
        believed = _BELIEF * max(
            setting.of("BOTOBS_ALERT_RESEND_DELAY"), setting.of("BOTOBS_EVALUATION_INTERVAL")
        )
        latest = believed + profile.deadman_silence + _MAIL
        return Promise(latest - measured, latest + measured)
    group, rule = _rule(drill, profile)
    evaluated = units.seconds(str(group.get("interval", setting.text("BOTOBS_EVALUATION_INTERVAL"))))
    offset = units.seconds(str(group.get("query_offset", setting.text("BOTOBS_RULE_QUERY_OFFSET"))))
    wait = setting.of(_group_wait(rule["labels"]))
    lasting = units.seconds(str(rule.get("for", "0s")))
    fixed = drill.reach(setting.of) + offset + lasting + wait + _MAIL
    # `for` ends with the evaluation after it.
    return Promise(fixed + (measured + evaluated) / 2, fixed + measured + 2 * evaluated)


def _group_wait(labels: Mapping[str, str]) -> str:
    """The setting of how long the first message waits for others."""
    critical = labels["severity"] == "critical"
    inhibited = "depends_on" in labels
    if labels["area"] == "orders" or labels.get("urgency") == "now" or (critical and not inhibited):
        return "BOTOBS_ALERT_GROUP_WAIT_ORDERS"
    return "BOTOBS_ALERT_GROUP_WAIT_CRITICAL" if critical else "BOTOBS_ALERT_GROUP_WAIT"


def lingering(drill: Drill, profile: Profile) -> float:
    """Seconds that an alert may go on after its fault: while the rule still sees it, and while it is kept."""
    setting = _Settings(profile.variables)
    kept = (
        0.0 if drill.by_deadman else units.seconds(str(_rule(drill, profile)[1].get("keep_firing_for", "0s")))
    )
    return drill.lingers(setting.of) + kept + setting.of("BOTOBS_ALERT_GROUP_INTERVAL")


class _Settings:
    """Values of settings in seconds: those of a profile over the defaults of the templates."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def of(self, name: str) -> float:
        """Seconds of a setting, or the number itself."""
        if not name.startswith(("BOTOBS_", "OTEL_")):
            return float(name)
        milliseconds = name.startswith("OTEL_") or name.endswith("_MS")
        return float(self.text(name)) / 1000 if milliseconds else units.seconds(self.text(name))

    def text(self, name: str) -> str:
        """A setting as it is written."""
        return self._variables.get(name) or _DEFAULTS.get(name) or _defaults()[name]


@cache
def _defaults() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (*(assets.root() / name for name in _TEMPLATES), *_rule_files()):
        text = path.read_text(encoding="utf-8")
        found |= dict(re.findall(r"\$\{(BOTOBS_[A-Z0-9_]+):-([^{}]+)\}", text))
    return found


def _rule_files() -> list[Path]:
    return sorted((assets.root() / "prometheus" / "rules").glob("*.yml"))


def _rule(drill: Drill, profile: Profile) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rule that a drill raises, behind the group in which it is."""
    for path in _rule_files():
        text = path.read_text(encoding="utf-8")
        if f"alert: {drill.alert}\n" not in text:
            continue
        for group in yaml.safe_load(render_text(text, profile.variables, path.name))["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == drill.alert and rule["labels"]["severity"] == drill.severity:
                    return group, rule
    raise LookupError(f"no rule is called {drill.alert} with the severity {drill.severity}")
