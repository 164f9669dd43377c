"""Alerts and their runbook pages are in step, and the pages can be worked with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
PAGES = sorted(FOLDER.glob("*.md"))


def test_every_alert_has_a_page_and_every_page_an_alert(alerts: list[Rule]) -> None:
    assert {page.stem for page in PAGES} == {alert.name for alert in alerts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_every_section(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_severity_and_owner_as_the_rules_do(page: Path, alerts: list[Rule]) -> None:
    line = page.read_text(encoding="utf-8").splitlines()[2].lower()
    for alert in alerts:
        if alert.name == page.stem and alert.name != "Watchdog":
            assert alert.labels["severity"] in line
            assert alert.labels["owner"] in line


@pytest.fixture(scope="module")
def known(rendered: Path) -> set[str]:
    """Metrics that services send and rules record, as Prometheus names them."""
    names = {rule.name for rule in read(rendered) if not rule.is_alert}
    for metric in semconv.all_metrics():
        name = metric.prometheus_name
        names |= {f"{name}_bucket", f"{name}_count"} if metric.kind == "histogram" else {name}
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_queries_of_a_page_name_metrics_that_exist(page: Path, known: set[str]) -> None:
    queries = re.findall(r"```promql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert queries
    for query in queries:
        named = metrics(re.sub(r"^#.*$", "", query, flags=re.MULTILINE))
        unknown = [name for name in named if name not in known and not FOREIGN.fullmatch(name)]
        assert unknown == [], query


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_alerts_that_a_page_points_to_exist(page: Path, alerts: list[Rule]) -> None:
    named = set(re.findall(r"`((?:[A-Z][a-z]+){2,})`", page.read_text(encoding="utf-8")))
    assert named <= {alert.name for alert in alerts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_installed_user_can_drill_it_or_reads_why_not(page: Path) -> None:
    how = page.read_text(encoding="utf-8").partition("## How to drill it\n\n")[2]
    if not re.search(r"botobs drill [a-z]", how) or "No drill of" in how:
        assert re.match(r"No drill of `botobs drill` makes this fault: .{10,}", how)
        assert f"$ botobs alert test --as {page.stem}\n" in how


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_it_costs_and_what_to_do_first(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for word in ("Costs", "First"):
        # What a message shows of it.
        assert re.search(rf"^{word}: .{{10,200}}$", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_drill_that_a_page_names_raises_its_alert(page: Path) -> None:
    for name in re.findall(r"botobs drill ([a-z-]+)", page.read_text(encoding="utf-8")):
        drill = BY_NAME[name]
        raised = {"Watchdog" if drill.by_deadman else drill.alert, *drill.also, *drill.silent}
        assert page.stem in raised, name


def test_every_critical_alert_is_raised_by_a_real_fault(alerts: list[Rule]) -> None:
    drilled = {drill.alert for drill in DRILLS if drill.severity == "critical"}
    for alert in alerts:
        if alert.labels["severity"] == "critical" and alert.name not in drilled:
            page = (FOLDER / f"{alert.name}.md").read_text(encoding="utf-8")
            [file] = re.findall(r"pytest (tests/drills/\w+\.py)", page)
            played = PLAYED if file.endswith("test_alert_played.py") else (ROOT / file).read_text("utf-8")
            assert alert.name in played, alert.title
