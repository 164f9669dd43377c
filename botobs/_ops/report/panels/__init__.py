"""Turns a panel and the results of its queries into what the page shows: no input or output here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..dashboards import Panel
from ..view import View
from ..window import Window
from ._answers import Answers, why_empty
from ._figures import draw_bars, draw_figures
from ._graph import EDGES, draw_graph
from ._lines import draw_lines
from ._tables import draw_table, draw_traces
from .timeline import Episode, draw_episodes, draw_timeline

__all__ = ["EDGES", "Answers", "Episode", "draw", "draw_episodes"]

_DRAW: Mapping[str, Callable[[Panel, Answers, Window], View]] = {
    "timeseries": draw_lines,
    "stat": draw_figures,
    "bargauge": draw_bars,
    "table": draw_table,
    "state-timeline": draw_timeline,
    "nodeGraph": draw_graph,
}


def draw(panel: Panel, answers: Answers, window: Window, metrics: frozenset[str]) -> View:
    """What a panel shows.

    Args:
        panel: The panel.
        answers: The results of its queries.
        window: The time that they are about.
        metrics: Names of all metrics that exist in that time, to say why there is nothing.
    """
    method: Any = draw_traces if panel.source == "tempo" and panel.kind == "table" else _DRAW.get(panel.kind)
    if method is None:
        return View(note=f"This report cannot draw a panel of the type {panel.kind}.")
    view: View = method(panel, answers, window)
    return View(note=why_empty(panel, answers, metrics)) if view.empty else view
