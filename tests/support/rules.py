"""The alert rules as data: rendered as the stack renders them, and read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from botobs._ops.home import assets
from botobs._ops.home.render import render_tree

_NEEDED = {"BOTOBS_SECRETS": "/secrets", "BOTOBS_DATA": "/data"}
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_NOT_A_METRIC = re.compile(r'"(\\.|[^"\\])*"|\{[^}]*\}|\[[^\]]*\]')
_WORD = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:])(?!\s*\()")
_KEYWORDS = {"and", "or", "unless", "bool", "offset", "Inf"}


@dataclass(frozen=True)
class Place:
    """Where a rule stands: file, name of its group, position in it."""

    file: str
    group: str
    rule: int


@dataclass(frozen=True)
class Rule:
    """A recording or alerting rule."""

    place: Place
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The alert, or the recorded metric."""
        return str(self.body.get("alert") or self.body["record"])

    @property
    def is_alert(self) -> bool:
        """Whether it is an alert."""
        return "alert" in self.body

    @property
    def expr(self) -> str:
        """Its PromQL expression."""
        return str(self.body["expr"])

    @property
    def labels(self) -> dict[str, str]:
        """The labels that it adds."""
        return dict(self.body.get("labels", {}))

    @property
    def title(self) -> str:
        """Name, and what tells it from others of that name."""
        distinct = {
            key: value for key, value in self.labels.items() if key in ("severity", "slo", "sli", "window")
        }
        return f"{self.name}{{{','.join(distinct.values())}}}" if distinct else self.name

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics in its expression, thresholds included."""
        return metrics(self.expr)


def metrics(expr: str) -> list[str]:
    """Names of the metrics in an expression, each once."""
    bare = _NOT_A_METRIC.sub(" ", _GROUPING.sub(" ", expr))
    return list(dict.fromkeys(word for word in _WORD.findall(bare) if word not in _KEYWORDS))


def is_threshold(metric: str) -> bool:
    """Whether a metric is one of the numbers that rules compare with."""
    return metric.startswith(("botobs:threshold:", "botobs:objective:"))


def render(target: Path, values: Mapping[str, str] | None = None) -> Path:
    """Render Prometheus' configuration, rules and rule tests into `target`; returns it."""
    render_tree(assets.root() / "prometheus", target, {**_NEEDED, **(values or {})}, frozenset({"build"}))
    return target


def read(folder: Path) -> list[Rule]:
    """Every rule of the rendered configuration in `folder`."""
    return [rule for file in sorted((folder / "rules").glob("*.yml")) for rule in _of_file(file)]


def _of_file(file: Path) -> Iterator[Rule]:
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
        for index, body in enumerate(group["rules"]):
            yield Rule(Place(file.name, group["name"], index), body)


def needed(rules: Sequence[Rule], alert: str) -> set[str]:
    """Names of an alert and of everything recorded that it depends on, directly or through others."""
    by_name: dict[str, list[Rule]] = {}
    for rule in rules:
        by_name.setdefault(rule.name, []).append(rule)
    found: set[str] = set()
    ahead = [alert]
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in found:
            found.add(name)
            ahead += [metric for rule in by_name[name] for metric in rule.metrics]
    return found


def cases_by_alert(folder: Path) -> dict[str, list[str]]:
    """Files of rule tests by the alert that their cases are about."""
    found: dict[str, list[str]] = {}
    for file in sorted((folder / "tests").glob("*.yml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            files = found.setdefault(case["name"].partition(":")[0], [])
            if file.name not in files:
                files.append(file.name)
    return found


def only_named_groups(folder: Path, file: str, target: Path) -> None:
    """Copy a test of rules, and of its rules the groups that it names: promtool evaluates all others at each step, too.

    Args:
        folder: With `rules/` and `tests/`, rendered.
        file: Name of the test's file; groups are named in its `group_eval_order`.
        target: Where the same two folders are made.
    """
    test = yaml.safe_load((folder / "tests" / file).read_text(encoding="utf-8"))
    for part in ("rules", "tests"):
        (target / part).mkdir()
    read = {
        name: yaml.safe_load((folder / "tests" / name).read_text(encoding="utf-8"))
        for name in test["rule_files"]
    }
    for name, content in read.items():
        content["groups"] = [
            group for group in content["groups"] if group["name"] in test["group_eval_order"]
        ]
        (target / "tests" / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    (target / "tests" / file).write_text(yaml.safe_dump(test), encoding="utf-8")
