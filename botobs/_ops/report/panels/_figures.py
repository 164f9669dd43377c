"""Single numbers, big or as bars beside each other."""

from __future__ import annotations

import math
from typing import Any

from .. import units
from ..dashboards import Panel
from ..view import Cell, Figure, Table, View
from ..window import Window
from ._answers import Answers, name_of

_TONES = {"green": "good", "red": "bad", "orange": "warn", "yellow": "warn"}


def tone_of(colour: str) -> str:
    """The tone of one of Grafana's colours, `dark-red` and `light-green` among them."""
    return _TONES.get(colour.rpartition("-")[2], "")


def draw_figures(panel: Panel, answers: Answers, window: Window) -> View:
    """Big numbers, coloured by the panel's thresholds or by an alert's."""
    limits = panel.transformations.get("configFromData", {}).get("configRefId", "")
    limit = next((each.values[-1] for each in answers.series.get(limits, ())), None)
    figures = []
    for query in panel.queries:
        if query.reference == limits:
            continue
        found = answers.series.get(query.reference, ())
        for series in found:
            value = series.values[-1]
            label = name_of(query, series) if len(found) > 1 or len(panel.queries) > 2 else ""
            figures.append(_figure(panel, value, limit, label, window))
    absent = panel.setting("noValue")
    return View(figures=figures or ([Figure(absent, "", "", "")] if absent else []))


def draw_bars(panel: Panel, answers: Answers, window: Window) -> View:  # noqa: ARG001 - as all
    """Numbers as horizontal bars, in the order of the queries."""
    found = [
        (name_of(query, series), series.values[-1] or 0.0)
        for query in panel.queries
        for series in answers.series.get(query.reference, ())
    ]
    found = [(name, value) for name, value in found if math.isfinite(value)]
    if not found:
        return View()
    unit = panel.setting("unit")
    texts = [units.text(unit, value) for _, value in found]
    rows = [[Cell(name), Cell(text, number=True)] for (name, _), text in zip(found, texts, strict=True)]
    names = [name for name, _ in found]
    return View(
        chart={"type": "bars", "names": names, "values": [value for _, value in found], "texts": texts},
        summary=f"{panel.title}: "
        + ", ".join(f"{name} {row}" for name, row in zip(names, texts, strict=True)),
        table=Table(("series", "value"), rows, frozenset({1})),
        height=max(120, 34 * len(found) + 20),
    )


def _figure(panel: Panel, value: float | None, limit: float | None, label: str, window: Window) -> Figure:
    link = f"#{panel.link}" if panel.link else ""
    mapped = _mapped(panel, value)
    if mapped is not None:
        return Figure(mapped["text"], tone_of(mapped.get("color", "")), label, link)
    text = units.text(panel.setting("unit"), value, window.end)
    return Figure(text, _tone(panel, value, limit), label, link)


def _mapped(panel: Panel, value: float | None) -> Any:
    if value is None or not math.isfinite(value):
        return None
    for mapping in panel.setting("mappings") or ():
        if mapping["type"] == "value" and f"{value:g}" in mapping["options"]:
            return mapping["options"][f"{value:g}"]
    return None


def _tone(panel: Panel, value: float | None, limit: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    steps = (panel.setting("thresholds") or {}).get("steps", [])
    passed = [step for step in steps if step.get("value") is None or value >= step["value"]]
    if limit is not None and value >= limit:
        return "bad"
    return tone_of(passed[-1]["color"]) if passed else ""
