"""Routes and inhibition agree with the labels that the rules set."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from typing import Any

import pytest

from tests.support import configs

CONFIG = configs.load("alertmanager/alertmanager.yml")
RECEIVERS = {receiver["name"]: receiver for receiver in CONFIG["receivers"]}
RULES = [
    rule
    for file in sorted((configs.ROOT / "prometheus" / "rules").glob("*.yml"))
    for group in configs.parsed(configs.render(file))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
#: What a rule may name as its cause, from the names of the inhibition rules.
CAUSES = {
    matcher.split('"')[1]
    for rule in CONFIG["inhibit_rules"]
    for matcher in rule["source_matchers"]
    if matcher.startswith("cause=")
}


def test_nobody_is_told_until_it_is_set_up() -> None:
    assert CONFIG["route"]["receiver"] == "nobody"
    silent = [route for route in CONFIG["route"]["routes"] if route["receiver"] != "nobody"]
    assert {tuple(route["matchers"]) for route in silent} == {('alertname=""',)}
    assert list(RECEIVERS["nobody"]) == ["name"]


def test_every_template_that_is_used_is_defined() -> None:
    folder = configs.ROOT / "alertmanager" / "templates"
    text = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.tmpl"))
    defined = set(re.findall(r'\{\{ define "([\w.]+)"', text))
    texts = [*configs.strings(CONFIG), text]
    used = {name for each in texts for name in re.findall(r'template "([\w.]+)"', each)}
    assert used and used <= defined


@pytest.mark.parametrize("rule", CONFIG["inhibit_rules"], ids=lambda rule: str(rule["name"]))
def test_no_alert_of_orders_is_ever_silenced(rule: dict[str, Any]) -> None:
    assert 'area!="orders"' in rule["target_matchers"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_labels_are_those_that_are_routed_by(rule: dict[str, Any]) -> None:
    labels = rule["labels"]
    assert labels["severity"] in {"critical", "warning"} or rule["alert"] == "Watchdog"
    assert labels["area"] in {"services", "bots", "orders", "database", "exchanges", "pipeline"}
    cause = labels.get("cause", "")
    assert cause == "" or any(known in cause for known in CAUSES)
    # A template writes one of several words.
    words = re.sub(r"\{\{.*?\}\}", ",", labels.get("depends_on", ""))
    assert set(filter(None, words.split(","))) <= CAUSES | {"none"}


def test_no_cause_is_held_back_by_its_own_consequence() -> None:
    """Otherwise a fault could be hidden behind what it has caused."""
    held_back_by: dict[str, set[str]] = {}
    for rule in RULES:
        if cause := rule["labels"].get("cause"):
            held_back_by.setdefault(cause, set()).update(
                filter(None, rule["labels"].get("depends_on", "").split(","))
            )
    # Raises CycleError where following what holds back what comes round.
    assert set(TopologicalSorter(held_back_by).static_order()) >= set(held_back_by)
