"""How long a fault takes to a mailbox by the settings: what each step may cost, added up."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..._sdk import units
from ..home import assets
from ..home.render import render_text
from ..stack.killed_services import LOOK_INTERVAL
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
        typical: When every interval is half over at the moment of the fault; of a process that dies, when the stack
            saw it.
        latest: When every interval has just begun, and nothing saw a process die: its silence tells.
    """

    typical: float
    latest: float


@dataclass(frozen=True)
class Steps:
    """How long the rule of an alert, and its route, take once Prometheus has the evidence, in seconds.

    Attributes:
        every: Between two evaluations.
        offset: How far back they look.
        lasts: For how long the fault has to last.
        waits: For others of its group, before the first message.
    """

    alert: str
    every: float
    offset: float
    lasts: float
    waits: float

    @property
    def latest(self) -> float:
        """When the evaluation has just been; `for` ends with one, too."""
        return self.offset + self.every + math.ceil(self.lasts / self.every) * self.every + self.waits


def critical(profile: Profile) -> list[Steps]:
    """The steps of all critical alerts by the settings of a profile."""
    setting = _Settings(profile.variables)
    return [
        _steps(group, rule, setting)
        for group, rule in _rules(profile)
        if rule.get("labels", {}).get("severity") == "critical"
    ]


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
    steps = _steps(*_rule(drill, profile), setting)
    fixed = steps.offset + steps.lasts + steps.waits + _MAIL
    # `for` ends with the evaluation after it.
    latest = drill.reach(setting.of) + fixed + measured + 2 * steps.every
    reached, measured = (drill.reach, measured) if drill.seen is None else (drill.seen, LOOK_INTERVAL)
    return Promise(reached(setting.of) + fixed + (measured + steps.every) / 2, latest)


def _steps(group: Mapping[str, Any], rule: Mapping[str, Any], setting: _Settings) -> Steps:
    return Steps(
        rule["alert"],
        units.seconds(str(group.get("interval", setting.text("BOTOBS_EVALUATION_INTERVAL")))),
        units.seconds(str(group.get("query_offset", setting.text("BOTOBS_RULE_QUERY_OFFSET")))),
        units.seconds(str(rule.get("for", "0s"))),
        setting.of(_by_route("BOTOBS_ALERT_GROUP_WAIT", rule["labels"])),
    )


def _by_route(name: str, labels: Mapping[str, str]) -> str:
    """A setting that routes have by urgency, as the alert's route has it (alertmanager/alertmanager.yml)."""
    critical = labels["severity"] == "critical"
    inhibited = "depends_on" in labels
    if labels["area"] == "orders" or labels.get("urgency") == "now" or (critical and not inhibited):
        return f"{name}_ORDERS"
    return f"{name}_CRITICAL" if critical else name


def lingering(drill: Drill, profile: Profile) -> float:
    """Seconds that an alert may go on after its fault: while the rule still sees it, and while it is kept."""
    setting = _Settings(profile.variables)
    if drill.by_deadman:
        return drill.lingers(setting.of) + setting.of("BOTOBS_ALERT_GROUP_INTERVAL")
    _, rule = _rule(drill, profile)
    kept = units.seconds(str(rule.get("keep_firing_for", "0s")))
    told = setting.of(_by_route("BOTOBS_ALERT_GROUP_INTERVAL", rule["labels"]))
    return drill.lingers(setting.of) + kept + told


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
    for group, rule in _rules(profile):
        if rule.get("alert") == drill.alert and rule["labels"]["severity"] == drill.severity:
            return group, rule
    raise LookupError(f"no rule is called {drill.alert} with the severity {drill.severity}")


def _rules(profile: Profile) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """All rules, each behind the group in which it is."""
    for group in _groups(tuple(sorted(profile.variables.items()))):
        for rule in group["rules"]:
            yield group, rule


@cache
def _groups(variables: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    return [
        group
        for path in _rule_files()
        for group in yaml.safe_load(
            render_text(path.read_text(encoding="utf-8"), dict(variables), path.name)
        )["groups"]
    ]
