"""Lines and bars over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import units
from ..dashboards import Panel
from ..view import LIMIT, Cell, Table, View
from ..window import Window
from ._answers import Answers, name_of
from ._colours import named, nth

#: Lines in one chart at most; the largest are kept.
_MOST = 24
#: Measurements shown in one chart at most: the largest, which are worth a look.
_EXEMPLARS = 20
#: Times the end of an axis that it is long: from then on the label of the end and that of zero meet.
_LONG = 4
_CALCS = {"lastNotNull": "last", "max": "max", "sum": "sum", "mean": "mean", "min": "min"}
_DEFAULT_CALCS = ("lastNotNull", "max")


@dataclass(frozen=True)
class _Line:
    name: str
    values: tuple[float | None, ...]
    limit: bool
    colour: str

    @property
    def known(self) -> list[float]:
        """The values that are numbers."""
        return [value for value in self.values if value is not None and math.isfinite(value)]


def draw_lines(panel: Panel, answers: Answers, window: Window) -> View:
    """Lines over time; thresholds of alerts among them are dashed."""
    lines = [line for line in _lines(panel, answers) if line.known]
    if not any(not line.limit for line in lines):
        return View()
    kept = _largest(lines)
    unit = panel.setting("unit")
    peak = max(max(map(abs, line.known)) for line in kept)
    scale = units.scale(unit, peak)
    left_out = len(lines) - len(kept)
    top = panel.setting("max")
    if top is not None and peak > _LONG * top:
        # A budget that is far below zero: the label of the end would lie upon that of zero.
        top = None
    return View(
        chart={
            "type": "time",
            "start": window.start,
            "step": window.step,
            "suffix": scale.suffix,
            "min": panel.setting("min"),
            "max": None if top is None else top / scale.divisor,
            "whole": all(value == int(value) for line in kept for value in line.known),
            "bars": panel.setting("custom.drawStyle") == "bars",
            "stack": panel.setting("custom.stacking.mode") == "normal",
            "series": [_series(line, scale) for line in kept],
            "exemplars": [
                [round(each.moment * 1000), float(f"{each.value / scale.divisor:.4g}"), each.trace_id]
                for each in answers.exemplars[:_EXEMPLARS]
            ],
        },
        summary=_summary(panel, kept, window),
        table=_legend(panel, kept, unit),
        note=f"{left_out} smaller series are left out." if left_out else "",
    )


def _lines(panel: Panel, answers: Answers) -> list[_Line]:
    lines: list[_Line] = []
    for query in panel.queries:
        for series in answers.series.get(query.reference, ()):
            name = name_of(query, series)
            limit = _is_limit(panel, name)
            lines.append(
                _Line(name, series.values, limit, "bad" if limit else _colour(panel, name, len(lines)))
            )
    return lines


def _colour(panel: Panel, name: str, place: int) -> str:
    """What has a meaning, such as the state of a bot, has the same colour on every board."""
    fixed = panel.overrides.get(name, {}).get("color", {})
    return named(str(fixed.get("fixedColor", ""))) or nth(place)


def _is_limit(panel: Panel, name: str) -> bool:
    style = panel.setting("custom.lineStyle", name) or {}
    return bool(style.get("fill") == "dash")


def _largest(lines: list[_Line]) -> list[_Line]:
    if len(lines) <= _MOST:
        return lines
    by_size = sorted(lines, key=lambda line: (line.limit, max(line.known)), reverse=True)[:_MOST]
    return [line for line in lines if line in by_size]


def _series(line: _Line, scale: units.Scale) -> dict[str, Any]:
    values = [
        None if value is None or not math.isfinite(value) else float(f"{value / scale.divisor:.4g}")
        for value in line.values
    ]
    return {"name": line.name, "values": values, "limit": line.limit, "colour": line.colour}


def _legend(panel: Panel, lines: Sequence[_Line], unit: str | None) -> Table:
    calcs = [calc for calc in _calcs(panel) if calc in _CALCS]
    rows = []
    for line in lines:
        numbers = [Cell(units.text(unit, _calculate(calc, line.known)), number=True) for calc in calcs]
        rows.append([Cell(line.name, colour=LIMIT if line.limit else line.colour), *numbers])
    return Table(("series", *(_CALCS[calc] for calc in calcs)), rows, frozenset(range(1, len(calcs) + 1)))


def _calcs(panel: Panel) -> Sequence[str]:
    return panel.legend_calcs or _DEFAULT_CALCS


def _calculate(calc: str, values: list[float]) -> float:
    match calc:
        case "max":
            return max(values)
        case "min":
            return min(values)
        case "sum":
            return sum(values)
        case "mean":
            return sum(values) / len(values)
        case _:
            return values[-1]


def _summary(panel: Panel, lines: Sequence[_Line], window: Window) -> str:
    drawn = [line for line in lines if not line.limit]
    top = max(drawn, key=lambda line: max(line.known))
    highest = units.text(panel.setting("unit"), max(top.known))
    count = f"{len(drawn)} series" if len(drawn) > 1 else "1 series"
    return f"{panel.title}: {count} over {units.duration(window.seconds)}; the highest is {top.name} with {highest}."
