"""Dashboards are read from the JSON that Grafana shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botobs._ops.report import panels
from botobs._ops.report.dashboards import load, parse
from botobs._ops.report.panels import Answers
from botobs._ops.report.window import Window

ROOT = Path(__file__).parents[3]


def _panel(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": kind,
        "title": f"{kind} {number}",
        "gridPos": {"x": 0, "y": number, "w": 8},
        **more,
    }


def test_panels_stand_under_their_rows_in_reading_order() -> None:
    raw = {
        "uid": "u",
        "title": "T",
        "panels": [
            _panel(3, "stat"),
            _panel(1, "row", panels=[]),
            _panel(2, "stat"),
            _panel(4, "row", panels=[_panel(5, "table")]),
        ],
    }
    sections = parse(raw).sections
    found = [(section.title, [panel.id for panel in section.panels]) for section in sections]
    assert found == [("row 1", ["u-2", "u-3"]), ("row 4", ["u-5"])]


def test_a_setting_of_one_series_comes_before_that_of_all() -> None:
    config = {
        "defaults": {"unit": "s", "custom": {"drawStyle": "line"}},
        "overrides": [
            {"matcher": {"id": "byName", "options": "A"}, "properties": [{"id": "unit", "value": "ops"}]}
        ],
    }
    (section,) = parse({"uid": "u", "title": "", "panels": [_panel(1, "stat", fieldConfig=config)]}).sections
    (panel,) = section.panels
    assert (panel.setting("unit", "A"), panel.setting("unit", "B")) == ("ops", "s")
    assert panel.setting("custom.drawStyle") == "line"
    assert panel.setting("custom.stacking.mode") is None


def test_every_panel_of_the_committed_dashboards_is_read() -> None:
    files = {file.stem: json.loads(file.read_text()) for file in (ROOT / "grafana/dashboards").glob("*.json")}
    read = {dashboard.uid: dashboard for dashboard in load()}
    assert read.keys() == files.keys()
    for uid, raw in files.items():
        titles = {panel["title"] for panel in raw["panels"] if panel["type"] != "row"}
        assert {panel.title for panel in read[uid].panels} == titles
    assert load()[0].uid == "botobs-overview"


def test_no_committed_panel_is_of_a_type_that_cannot_be_drawn() -> None:
    window = Window.last(300, now=1000)
    for dashboard in load():
        for panel in dashboard.panels:
            note = panels.draw(panel, Answers(), window, frozenset()).note
            # A panel that says itself that nobody reports needs no note.
            assert note or panel.defaults.get("noValue")
            assert "cannot draw" not in note, panel.title
