"""The committed dashboards are those that the code writes, and keep the house rules."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards.promql import VARIABLES
from grafana.generate import FOLDER, files
from testbed.dashboards import ROOT, dashboards, queries

UIDS = {
    f"botobs-{name}"
    for name in (
        "overview", "trading-engine", "bots", "orders", "exchanges", "database", "services", "pipeline", "traces",
    )
}  # fmt: skip
BUILT_IN = {"__rate_interval", "__interval", "__range", "__url_time_range", "__all_variables", "__value"}


def panels_of(uid: str) -> list[dict[str, Any]]:
    return [panel for panel in dashboards()[uid]["panels"] if panel["type"] != "row"]


def test_the_dashboards_are_up_to_date() -> None:
    committed = {path: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    made = files()
    assert set(committed) == set(made)
    stale = [path.name for path, content in made.items() if committed[path] != content]
    assert stale == [], "write them again with: make docs"


def test_the_addresses_that_alerts_lead_to_stay() -> None:
    assert set(dashboards()) == UIDS


@pytest.mark.parametrize("uid", sorted(UIDS))
def test_the_schema_of_grafana_knows_every_field(uid: str) -> None:
    """What the SDK's types do not know is lost on the way through them."""
    register_default_plugins()
    content = copy.deepcopy(dashboards()[uid])
    again = json.loads(json.dumps(Dashboard.from_json(content), cls=JSONEncoder))
    for annotation in content["annotations"]["list"]:
        # Grafana reads these of annotations from Prometheus; the types do not have them.
        for field in ("titleFormat", "textFormat", "step", "useValueForTime"):
            annotation.pop(field, None)
    assert again == content


@pytest.mark.parametrize("uid", sorted(UIDS))
def test_ids_are_unique_and_panels_do_not_overlap(uid: str) -> None:
    panels = dashboards()[uid]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("uid", sorted(UIDS))
def test_a_panel_says_what_it_shows(uid: str) -> None:
    for panel in panels_of(uid):
        title = panel["title"]
        assert title
        assert panel["description"].endswith("."), title
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0, title
        if panel["type"] in ("timeseries", "stat", "bargauge"):
            assert panel["fieldConfig"]["defaults"]["unit"], title


@pytest.mark.parametrize("uid", sorted(UIDS))
def test_a_query_uses_only_the_variables_that_there_are(uid: str) -> None:
    known = {variable["name"] for variable in dashboards()[uid]["templating"]["list"]} | BUILT_IN
    for panel in panels_of(uid):
        assert set(re.findall(r"\$\{?(\w+)", json.dumps(panel))) <= known, panel["title"]


def test_rates_are_taken_over_the_interval_of_the_graph() -> None:
    for asked in queries():
        for window in re.findall(r"rate\([^\[]*\[([^\]]*)\]", asked.target.get("expr", "")):
            assert window in ("$__rate_interval", "$__range"), asked


def test_titles_are_unique_within_a_dashboard() -> None:
    keys = [asked.key for asked in queries()]
    assert len(set(keys)) == len(keys)


def test_a_click_leads_to_a_dashboard_that_there_is() -> None:
    for uid, content in dashboards().items():
        for target in re.findall(r"/d/([\w-]+)", json.dumps(content)):
            assert target in UIDS, uid
        assert content["tags"] == ["botobs"]
        assert [link["tags"] for link in content["links"]] == [["botobs"]]
        assert {annotation["name"] for annotation in content["annotations"]["list"]} == {
            "Deployments", "Alerts", "Drills",
        }  # fmt: skip
        assert {variable["name"] for variable in content["templating"]["list"]} <= set(VARIABLES)


def test_every_histogram_of_durations_shows_exemplars() -> None:
    """A graph of quantiles has at least one query with exemplars, where its metric records within spans."""
    titles = {asked.title for asked in queries() if asked.target.get("exemplar")}
    assert {
        "Decision to answer",
        "Calls",
        "Served requests, by route",
        "Duration",
        "Duration of turns",
    } <= titles


def test_provisioning_finds_the_dashboards() -> None:
    provider = (ROOT / "grafana/provisioning/dashboards/botobs.yaml").read_text(encoding="utf-8")
    assert "path: ${BOTOBS_CONFIG}/grafana/dashboards" in provider
