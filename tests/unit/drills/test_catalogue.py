"""The drills fit the rules and the runbooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from botobs._ops.drills.catalogue import BY_NAME, DRILLS
from tests.support import rules
from tests.support.configs import ROOT


@pytest.fixture(scope="module")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, str]]:
    """Labels of every alert of the rules, by name and severity."""
    rendered = rules.render(tmp_path_factory.mktemp("rules"))
    return {
        (rule.name, rule.labels["severity"]): rule.labels for rule in rules.read(rendered) if rule.is_alert
    }


def test_each_alert_that_a_drill_waits_for_is_a_rule(alerts: dict[tuple[str, str], dict[str, str]]) -> None:
    waited_for = {(drill.alert, drill.severity) for drill in DRILLS if not drill.by_deadman}
    assert waited_for <= alerts.keys()
    assert {name for drill in DRILLS for name in drill.also} <= {name for name, _ in alerts}


def test_what_must_stay_silent_depends_on_what_is_broken(
    alerts: dict[tuple[str, str], dict[str, str]],
) -> None:
    for drill in DRILLS:
        for name in drill.silent:
            cause = alerts[drill.alert, drill.severity]["cause"]
            dependent = [labels for (alert, _), labels in alerts.items() if alert == name]
            assert dependent
            assert all(cause in labels["depends_on"] for labels in dependent)


def test_each_drill_that_a_runbook_names_exists() -> None:
    pages = (ROOT / "docs" / "runbooks").glob("*.md")
    named = {name for page in pages for name in re.findall(r"botobs drill ([a-z-]+)", Path(page).read_text())}
    assert named
    assert named <= BY_NAME.keys() | {"all"}


def test_the_page_about_drills_lists_them_all() -> None:
    page = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| ([a-z].+?) \| ([A-Z]\w+)", page, re.MULTILINE)
    assert listed == [(drill.name, drill.does, drill.alert) for drill in DRILLS]
