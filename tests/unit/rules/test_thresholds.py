"""Every number stands once, with its reason, and every setting of the rules has one default."""

from __future__ import annotations

import re
from pathlib import Path

from botobs._ops.home import assets
from tests.support.rules import is_threshold, read, render

RULES = assets.root() / "prometheus" / "rules"
VARIABLE = re.compile(r"\$\{(BOTOBS_\w+):-([^}]*)\}")


def test_every_threshold_is_used(rendered: Path) -> None:
    rules = read(rendered)
    used = {metric for rule in rules for metric in rule.metrics if is_threshold(metric)}
    assert used == {rule.name for rule in rules if is_threshold(rule.name)}


def test_every_threshold_has_a_reason_beside_it() -> None:
    lines = [line.strip() for line in (RULES / "thresholds.yml").read_text(encoding="utf-8").splitlines()]
    for number, line in enumerate(lines):
        if is_threshold(line.removeprefix("- record: ")):
            above = lines[number - 1]
            # Numbers that belong together share the comment above the first.
            assert above.startswith(("#", "expr: vector(")), line


def test_a_threshold_is_a_setting_of_its_name() -> None:
    text = (RULES / "thresholds.yml").read_text(encoding="utf-8")
    for name, variable in re.findall(r"record: botobs:threshold:(\w+)\n\s+expr: vector\(\$\{(\w+):-", text):
        assert variable == f"BOTOBS_THRESHOLD_{name.upper()}"


def test_a_threshold_can_be_changed_without_editing_a_rule(tmp_path: Path) -> None:
    changed = read(render(tmp_path, {"BOTOBS_THRESHOLD_ERROR_RATIO": "0.01"}))
    assert [rule.expr for rule in changed if rule.name == "botobs:threshold:error_ratio"] == ["vector(0.01)"]


def test_rules_compare_with_thresholds_and_not_with_numbers(rendered: Path) -> None:
    # Zero and one are no limits that anybody would set: nothing, something, up, down.
    literal = re.compile(r"(?:>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)(?![\w.])")
    for rule in read(rendered):
        if rule.is_alert:
            assert set(literal.findall(rule.expr)) <= {"0", "1"}, rule.title


def test_a_setting_has_the_same_default_everywhere() -> None:
    defaults: dict[str, set[str]] = {}
    for file in [*RULES.glob("*.yml"), RULES.parent / "prometheus.yml"]:
        for name, default in VARIABLE.findall(file.read_text(encoding="utf-8")):
            defaults.setdefault(name, set()).add(default)
    assert {name: values for name, values in defaults.items() if len(values) > 1} == {}


def test_every_setting_of_the_rules_is_documented_with_its_default() -> None:
    documented = dict(re.findall(r"^\| `(BOTOBS_\w+)` \| `([^`]*)` \|", _readme(), re.MULTILINE))
    for file in RULES.glob("*.yml"):
        for name, default in VARIABLE.findall(file.read_text(encoding="utf-8")):
            if not name.startswith("BOTOBS_THRESHOLD_"):
                assert documented.get(name) == default.replace("|", "\\|"), name


def _readme() -> str:
    return (RULES / "README.md").read_text(encoding="utf-8")
