"""States over time, a row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .. import units
from ..dashboards import Panel
from ..view import Cell, Table, View
from ..window import Window
from ._answers import Answers, name_of
from ._colours import named

#: Room for two lines of text.
_ROW_HEIGHT = 30
_MOST = 60


@dataclass(frozen=True)
class Episode:
    """An interval of time in one state.

    Attributes:
        row: What was in the state.
        state: Its name.
        colour: As the style sheet calls it.
        start: Seconds since the epoch.
        end: Seconds since the epoch.
    """

    row: str
    state: str
    colour: str
    start: float
    end: float


def draw_timeline(panel: Panel, answers: Answers, window: Window) -> View:
    """The states of a panel's series, named by its mappings."""
    return draw_episodes(panel.title, list(_episodes(panel, answers, window)), window)


def draw_episodes(title: str, episodes: Sequence[Episode], window: Window) -> View:
    """Draw intervals as bars, a row for each subject, and as a table."""
    if not episodes:
        return View()
    rows = list(dict.fromkeys(episode.row for episode in episodes))
    shown = rows[:_MOST]
    bars = [
        [shown.index(each.row), each.start * 1000, each.end * 1000, each.colour, each.state]
        for each in episodes
        if each.row in shown
    ]
    left_out = len(rows) - len(shown)
    return View(
        chart={
            "type": "timeline",
            "start": window.start * 1000,
            "end": window.end * 1000,
            "rows": shown,
            "bars": bars,
        },
        summary=f"{title}: {len(rows)} rows with {len(episodes)} stretches of time; the table lists them.",
        table=_table(episodes),
        note=f"{left_out} more rows are left out." if left_out else "",
        keys=sorted({(each.state, each.colour) for each in episodes}),
        height=_ROW_HEIGHT * len(shown) + 40,
    )


def _episodes(panel: Panel, answers: Answers, window: Window) -> Iterator[Episode]:
    states = {
        value: each
        for mapping in panel.setting("mappings") or ()
        if mapping["type"] == "value"
        for value, each in mapping["options"].items()
    }
    for query in panel.queries:
        for series in sorted(
            answers.series.get(query.reference, ()), key=lambda series: name_of(query, series)
        ):
            row = name_of(query, series)
            for value, start, end in stretches(series.values, window):
                each = states.get(f"{value:g}", {})
                yield Episode(
                    row, each.get("text", f"{value:g}"), named(each.get("color", "")) or "own", start, end
                )


def stretches(values: Sequence[float | None], window: Window) -> Iterator[tuple[float, float, float]]:
    """Runs of one value, with their start and end in seconds since the epoch; gaps end a run.

    A point stands for the time until the next one.
    """
    begun: int | None = None
    for place in range(len(values) + 1):
        value = values[place] if place < len(values) else None
        if begun is not None and value != values[begun]:
            held = values[begun]
            assert held is not None
            end = min(window.start + place * window.step, window.end)
            yield held, window.start + begun * window.step, end
            begun = None
        if begun is None and value is not None:
            begun = place


def _table(episodes: Sequence[Episode]) -> Table:
    rows = [
        [
            Cell(each.row),
            Cell(each.state),
            Cell(units.clock(each.start)),
            Cell(units.clock(each.end)),
            Cell(units.duration(each.end - each.start), number=True),
        ]
        for each in episodes[:200]
    ]
    return Table(("what", "state", "from", "to", "for"), rows, frozenset({4}))
