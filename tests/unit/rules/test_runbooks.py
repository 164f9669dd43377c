"""Alerts and their runbook pages are in step, and the pages can be worked with."""

from __future__ import annotations

import re
from pathlib import Path

from botobs import semconv
from botobs._ops.drills.catalogue import BY_NAME, DRILLS
from botobs._ops.home import assets
from tests.drills._played import PLAYED
from tests.support.configs import ROOT
from tests.support.rules import Rule, metrics, read

FOLDER = assets.root() / "docs" / "runbooks"
SECTIONS = ["What it means", "How sure it is", "What to look at", "What to do", "How to drill it"]
#: Metrics of the parts that are scraped, and of the host and span metrics that the collector makes.
FOREIGN = re.compile(
    r"(alertmanager|botobs_collector|botobs_intake|otelcol|pg|prometheus|system|tempo)_\w+|traces_span_metrics_(calls_total|duration_seconds_bucket)"
    r"|up|scrape_duration_seconds|target_info|ALERTS"
)
#: Text of each page by the name of its alert.
PAGES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.md"))}


def test_every_alert_has_a_page_and_every_page_an_alert(alerts: list[Rule]) -> None:
    assert set(PAGES) == {alert.name for alert in alerts}


def test_a_page_has_every_section() -> None:
    for name, text in PAGES.items():
        assert text.startswith(f"# {name}\n")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS, name


def test_a_page_says_severity_and_owner_as_the_rules_do(alerts: list[Rule]) -> None:
    for alert in alerts:
        if alert.name != "Watchdog":
            line = PAGES[alert.name].splitlines()[2].lower()
            assert alert.labels["severity"] in line, alert.title
            assert alert.labels["owner"] in line, alert.title


def test_queries_of_a_page_name_metrics_that_exist(rendered: Path) -> None:
    known = {rule.name for rule in read(rendered) if not rule.is_alert}
    for metric in semconv.all_metrics():
        name = metric.prometheus_name
        known |= {f"{name}_bucket", f"{name}_count"} if metric.kind == "histogram" else {name}
    for page, text in PAGES.items():
        queries = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
        assert queries, page
        for query in queries:
            named = metrics(re.sub(r"^#.*$", "", query, flags=re.MULTILINE))
            unknown = [name for name in named if name not in known and not FOREIGN.fullmatch(name)]
            assert unknown == [], f"{page}: {query}"


def test_alerts_that_a_page_points_to_exist() -> None:
    for page, text in PAGES.items():
        assert set(re.findall(r"`((?:[A-Z][a-z]+){2,})`", text)) <= set(PAGES), page


def test_an_installed_user_can_drill_it_or_reads_why_not() -> None:
    for page, text in PAGES.items():
        how = text.partition("## How to drill it\n\n")[2]
        if not re.search(r"botobs drill [a-z]", how) or "No drill of" in how:
            assert re.match(r"No drill of `botobs drill` makes this fault: .{10,}", how), page
            assert f"$ botobs alert test --as {page}\n" in how


def test_a_page_says_what_it_costs_and_what_to_do_first() -> None:
    for page, text in PAGES.items():
        for word in ("Costs", "First"):
            # What a message shows of it.
            assert re.search(rf"^{word}: .{{10,200}}$", text, re.MULTILINE), page


def test_a_drill_that_a_page_names_raises_its_alert() -> None:
    for page, text in PAGES.items():
        for name in re.findall(r"botobs drill ([a-z-]+)", text):
            drill = BY_NAME[name]
            raised = {"Watchdog" if drill.by_deadman else drill.alert, *drill.also, *drill.silent}
            assert page in raised, name


def test_every_critical_alert_is_raised_by_a_real_fault(alerts: list[Rule]) -> None:
    drilled = {drill.alert for drill in DRILLS if drill.severity == "critical"}
    for alert in alerts:
        if alert.labels["severity"] == "critical" and alert.name not in drilled:
            [file] = re.findall(r"pytest (tests/drills/\w+\.py)", PAGES[alert.name])
            played = PLAYED if file.endswith("test_alert_played.py") else (ROOT / file).read_text("utf-8")
            assert alert.name in played, alert.title
