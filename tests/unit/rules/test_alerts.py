"""Every alert carries what routing, inhibition and the person on call need."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.rules import Rule, cases_by_alert

AREAS = {"services", "bots", "orders", "database", "exchanges", "pipeline"}
DASHBOARDS = {
    "botobs-overview",
    "botobs-trading-engine",
    "botobs-bots",
    "botobs-database",
    "botobs-exchanges",
    "botobs-pipeline",
}
CAUSES = {"database", "exchange", "host", "maintenance", "pipeline"}


#: What alerts count of which one is none, or that are always several: their limit is above one.
_NEVER_ONE = frozenset(
    {"seconds", "requests", "orders", "tasks", "services", "times", "processes", "callers"}
)


def test_labels_route_it(alerts: list[Rule]) -> None:
    for alert in alerts:
        assert alert.labels["severity"] in {"critical", "warning"} or alert.name == "Watchdog", alert.title
        assert alert.labels["area"] in AREAS, alert.title
        assert alert.labels["owner"], alert.title


def test_it_stands_in_the_file_of_its_area(alerts: list[Rule]) -> None:
    for alert in alerts:
        files = {f"{alert.labels['area']}.yml"} | (
            {"losses.yml"} if alert.labels["area"] == "pipeline" else set()
        )
        assert alert.place.file in files, alert.title


def test_annotations_say_what_is_the_matter_and_what_to_do(alerts: list[Rule]) -> None:
    for alert in alerts:
        annotations = alert.body["annotations"]
        assert annotations["summary"], alert.title
        assert "$value" in annotations["description"], alert.title
        assert annotations["runbook_url"] == f"docs/runbooks/{alert.name}.md", alert.title
        assert annotations["dashboard"] in DASHBOARDS, alert.title


def test_one_that_is_held_back_names_causes_that_exist(alerts: list[Rule]) -> None:
    named = {alert.labels["cause"] for alert in alerts if "{" not in alert.labels.get("cause", "{")}
    assert named == CAUSES
    for alert in alerts:
        depends_on = alert.labels.get("depends_on", "")
        # What is worked out when the alert fires is a case of the rules' own tests.
        assert not depends_on or "{" in depends_on or set(depends_on.split(",")) <= CAUSES, alert.title


def test_a_cause_is_held_back_by_a_maintenance_alone_and_outlasts_its_symptoms(alerts: list[Rule]) -> None:
    for alert in alerts:
        if "cause" in alert.labels:
            assert alert.labels.get("depends_on", "maintenance") == "maintenance", alert.title
            assert alert.labels["cause"] != "maintenance" or "depends_on" not in alert.labels, alert.title
            assert "keep_firing_for" in alert.body, alert.title


def test_order_alerts_are_never_held_back(alerts: list[Rule]) -> None:
    orders = [alert for alert in alerts if alert.labels["area"] == "orders"]
    assert orders
    for alert in orders:
        assert not {"depends_on", "cause"} & set(alert.labels), alert.title


def test_one_of_two_severities_waits_longer_as_a_warning(alerts: list[Rule]) -> None:
    names = [alert.name for alert in alerts]
    for name in {name for name in names if names.count(name) > 1}:
        severities = sorted(alert.labels["severity"] for alert in alerts if alert.name == name)
        assert severities == ["critical", "warning"], name


def test_every_alert_has_cases_that_test_it(alerts: list[Rule], rendered: Path) -> None:
    assert set(cases_by_alert(rendered)) == {alert.name for alert in alerts}


def test_what_is_counted_is_told_in_whole_numbers(alerts: list[Rule]) -> None:
    """`increase` extrapolates, and `humanize` rounds to four digits: nobody has seen 3.384 orders."""
    for alert in alerts:
        for text in alert.body["annotations"].values():
            for found in re.finditer(r"\{\{ *\$value *(\| *humanize *)?\}\}(.{0,20})", text):
                # Rates are no counts, and the value of a comparison stands in brackets.
                is_rate = found[2].startswith((" requests a second", ")"))
                assert is_rate or found[2].startswith((".", ",")), f"{alert.title}: {found[0]}"


def test_a_number_is_rounded_and_one_is_no_plural(alerts: list[Rule]) -> None:
    """`humanizeDuration` and `humanizePercentage` write what they get: 59.97s, 12.35%."""
    for alert in alerts:
        for text in alert.body["annotations"].values():
            assert not re.search(r"\{\{ *\$value *\| *humanize(Duration|Percentage)", text), alert.title
            one = re.sub(r"\{\{ if [^}]*\}\}(.*?)\{\{ else \}\}.*?\{\{ end \}\}", r"\1", text)
            counted = re.search(r'\{\{ printf "%.0f" \$value \}\} (\w+s)\b', one)
            assert not counted or counted[1] in _NEVER_ONE, f"{alert.title}: {one}"


def test_a_message_has_room_for_the_whole_description(alerts: list[Rule]) -> None:
    """Templates of messages leave out the middle of what is longer than 200 characters, names and numbers included."""
    for alert in alerts:
        # Of one and many, many is longer.
        many = re.sub(
            r"\{\{ if eq [^}]*\}\}[^{]*\{\{ else \}\}", "", alert.body["annotations"]["description"]
        )
        words = re.sub(r"\{\{.*?\}\}", "", many)
        assert len(words) <= 180, f"{alert.title}: {len(words)}"
