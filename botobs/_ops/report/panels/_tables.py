"""Tables: of numbers by label, and of traces."""

from __future__ import annotations

import re
from typing import Any

from .. import units
from ..backends import Series
from ..dashboards import Panel
from ..view import Cell, Table, View
from ..window import Window
from ._answers import Answers

_DASHBOARD = re.compile(r"/d/([\w-]+)")
#: Rows of a table at most.
_MOST = 50


def draw_table(panel: Panel, answers: Answers, window: Window) -> View:
    """One row for each combination of labels, one column for each query."""
    rows = _merged(panel, answers)
    if not rows:
        return View()
    organize = panel.transformations.get("organize", {})
    order = organize.get("indexByName", {})
    hidden = {name for name, hide in organize.get("excludeByName", {}).items() if hide}
    names = sorted(
        {name for row in rows for name in row} - hidden, key=lambda name: (order.get(name, 99), name)
    )
    titles = [organize.get("renameByName", {}).get(name, name) for name in names]
    numbers = frozenset(place for place, name in enumerate(names) if name.startswith("Value"))
    rows.sort(key=lambda row: [str(row.get(name, "")) for name in names if not name.startswith("Value")])
    cells = [
        [_cell(panel, title, row.get(name), window) for name, title in zip(names, titles, strict=True)]
        for row in rows[:_MOST]
    ]
    left_out = len(rows) - len(cells)
    note = f"{left_out} more rows are left out." if left_out else ""
    return View(table=Table(titles, cells, numbers), note=note)


def draw_traces(panel: Panel, answers: Answers, window: Window) -> View:  # noqa: ARG001 - as all
    """Draw the traces that a search found, as a table."""
    if not answers.traces:
        return View()
    rows = [
        [
            Cell(units.clock(each.start_ns / 1e9)),
            # Tempo's answer to a search has whole milliseconds.
            Cell(units.duration(each.duration) if each.duration else "below 1 ms", number=True),
            Cell(each.root_service or "?"),
            Cell(each.root_name or "?"),
            Cell(each.trace_id[:12], link=f"#trace-{each.trace_id}"),
        ]
        for each in answers.traces
    ]
    return View(table=Table(("started", "duration", "service", "name", "trace"), rows, frozenset({1})))


def _merged(panel: Panel, answers: Answers) -> list[dict[str, Any]]:
    """Rows by their labels, as Grafana's transformation `merge` makes them."""
    merged: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    single = len(panel.queries) == 1
    for query in panel.queries:
        for series in answers.series.get(query.reference, ()):
            row = merged.setdefault(_key(series), dict(series.labels))
            row["Value" if single else f"Value #{query.reference}"] = series.values[-1]
    return list(merged.values())


def _key(series: Series) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(series.labels.items()))


def _cell(panel: Panel, title: str, value: Any, window: Window) -> Cell:
    if isinstance(value, float):
        return Cell(units.text(panel.setting("unit", title), value, window.end), number=True)
    if value is None:
        return Cell(units.NOTHING)
    links = panel.overrides.get(title, {}).get("links", ())
    target = next((found[1] for each in links if (found := _DASHBOARD.search(each["url"]))), "")
    return Cell(str(value), link=f"#{target}" if target else "")
