"""Rules that are broken on purpose, one way at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.rules import Place, Rule, is_threshold, needed

_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_COMPARED = re.compile(r"(?P<sign>>=|<=|==|!=|>|<)(?P<space>\s*)(?P<number>-?\d+(\.\d+)?)(?![\w.])")
#: Comparisons of counts are written with these: their limit is a whole number, and moves by whole numbers.
_COUNTED = re.compile(r">=\s*scalar\(([\w:]+)\)")


@dataclass(frozen=True)
class Mutant:
    """One broken rule.

    Attributes:
        name: What is broken.
        kind: In which way.
        place: The rule that is changed.
        field: Which field of it.
        value: Its value in the mutant.
        alerts: The alerts whose cases must notice.
    """

    name: str
    kind: str
    place: Place
    field: str
    value: str
    alerts: tuple[str, ...]

    def write(self, rules: Sequence[Rule], folder: Path) -> None:
        """Write the files of `rules` with this one broken into `folder`, without what its alerts do not need."""
        needs = {name for alert in self.alerts for name in needed(rules, alert)}
        files: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
        for rule in rules:
            group = files.setdefault(rule.place.file, {}).setdefault(rule.place.group, [])
            if rule.name in needs:
                group.append({**rule.body, self.field: self.value} if rule.place == self.place else rule.body)
        for name, groups in files.items():
            content = {"groups": [{"name": group, "rules": bodies} for group, bodies in groups.items()]}
            # JSON is YAML, and is written much faster.
            (folder / name).write_text(json.dumps(content), encoding="utf-8")


def mutants(rules: Sequence[Rule]) -> Iterator[Mutant]:
    """Every mutant of `rules`."""
    numbers = {rule.name: rule for rule in rules if is_threshold(rule.name)}
    dependents = _dependents(rules)
    for rule in rules:
        alerts = (rule.name,) if rule.is_alert else dependents.get(rule.name, ())
        if not alerts or is_threshold(rule.name):
            continue
        yield from _renamed(rule, alerts)
        yield from _shifted(rule, alerts, numbers)
        yield from _compared(rule, alerts)
        if "for" in rule.body:
            yield from _waiting(rule, alerts)


def _dependents(rules: Sequence[Rule]) -> Mapping[str, tuple[str, ...]]:
    """Alerts by the recorded metric that they depend on."""
    found: dict[str, dict[str, None]] = {}
    for rule in rules:
        if rule.is_alert:
            for metric in needed(rules, rule.name):
                found.setdefault(metric, {})[rule.name] = None
    return {metric: tuple(alerts) for metric, alerts in found.items()}


def _renamed(rule: Rule, alerts: tuple[str, ...]) -> Iterator[Mutant]:
    for metric in rule.metrics:
        if not is_threshold(metric):
            expr = re.sub(rf"(?<![\w:]){metric}(?![\w:])", f"{metric}_renamed", rule.expr)
            yield Mutant(f"{rule.title}: {metric} renamed", "renamed", rule.place, "expr", expr, alerts)


def _shifted(rule: Rule, alerts: tuple[str, ...], numbers: Mapping[str, Rule]) -> Iterator[Mutant]:
    counted = set(_COUNTED.findall(rule.expr))
    for metric in filter(is_threshold, rule.metrics):
        threshold = numbers[metric]
        value = float(re.fullmatch(r"vector\((.+)\)", threshold.expr)[1])  # type: ignore[index]
        for factor in (0.8, 1.2):
            if metric.startswith("botobs:objective:"):
                # What may fail is what the objective leaves.
                shifted = 1 - (1 - value) * factor
            else:
                shifted = (
                    _whole(value, factor) if metric in counted and value == int(value) else value * factor
                )
            yield Mutant(
                f"{rule.title}: {metric} {value:g} -> {shifted:g}",
                "threshold",
                threshold.place,
                "expr",
                f"vector({shifted})",
                alerts,
            )


def _whole(value: float, factor: float) -> float:
    step = max(1, round(abs(value * factor - value)))
    return value + step if factor > 1 else value - step


def _compared(rule: Rule, alerts: tuple[str, ...]) -> Iterator[Mutant]:
    for match in _COMPARED.finditer(rule.expr):
        value = float(match["number"])
        # Nothing is 20 % of zero.
        for shifted in (-1, 2) if value == 0 else (_whole(value, 0.8), _whole(value, 1.2)):
            text = f"{match['sign']}{match['space']}{shifted:g}"
            expr = rule.expr[: match.start()] + text + rule.expr[match.end() :]
            name = f"{rule.title}: {match[0]} at {match.start()} -> {text}"
            yield Mutant(name, "compared", rule.place, "expr", expr, alerts)


def _waiting(rule: Rule, alerts: tuple[str, ...]) -> Iterator[Mutant]:
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(rule.body["for"]))
    for factor in (0.5, 2):
        value = f"{int(seconds * factor * 1000)}ms"
        name = f"{rule.title}: for {rule.body['for']} -> {value}"
        yield Mutant(name, "waiting", rule.place, "for", value, alerts)
