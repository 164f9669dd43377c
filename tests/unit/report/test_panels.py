"""A panel and the answers to its queries become what the page shows."""

from __future__ import annotations

import math
from typing import Any

import pytest

from botobs._ops.report import panels
from botobs._ops.report.backends import Exemplar, Series
from botobs._ops.report.dashboards import Panel, Query
from botobs._ops.report.panels import Answers
from botobs._ops.report.view import View
from botobs._ops.report.window import Window
from botobs._ops.traces import Summary

WINDOW = Window(start=1000, end=1020, step=5)
DASHED = {"custom.lineStyle": {"fill": "dash"}}


def _draw(panel: Panel, *series: Series, metrics: frozenset[str] = frozenset(), **answers: Any) -> View:
    return panels.draw(panel, Answers(series={"A": series}, **answers), WINDOW, metrics)


def _panel(kind: str, *queries: Query, **more: Any) -> Panel:
    return Panel(
        id="p", kind=kind, title="Title", queries=queries or (Query("A", "up{}", "{{job}}"),), **more
    )


def _texts(view: View) -> list[list[str]]:
    assert view.table is not None
    return [[cell.text for cell in row] for row in view.table.rows]


def test_lines_share_a_scale_and_have_their_numbers_beside_them() -> None:
    panel = _panel("timeseries", defaults={"unit": "s", "min": 0}, legend_calcs=("lastNotNull", "max"))
    view = _draw(
        panel,
        Series({"job": "slow"}, (0.1, 0.25, None, 0.2, 0.15)),
        Series({"job": "fast"}, (0.001, None, None, math.nan, 0.002)),
    )
    assert view.chart is not None
    assert (view.chart["suffix"], view.chart["start"], view.chart["step"]) == (" ms", 1000, 5)
    assert not view.chart["whole"]
    assert [line["values"] for line in view.chart["series"]] == [
        [100.0, 250.0, None, 200.0, 150.0],
        [1.0, None, None, None, 2.0],
    ]
    assert _texts(view) == [["slow", "150 ms", "250 ms"], ["fast", "2 ms", "2 ms"]]
    assert view.summary == "Title: 2 series over 20 s; the highest is slow with 250 ms."


@pytest.mark.parametrize(("lowest", "end"), [(-1.0, 100.0), (-20.0, None)])
def test_an_axis_that_is_far_longer_than_its_end_has_none(lowest: float, end: float | None) -> None:
    """The labels of 0 % and of 100 % would lie on each other."""
    panel = _panel("timeseries", defaults={"unit": "percentunit", "max": 1})
    view = _draw(panel, Series({"job": "a"}, (1.0, 0.5, 0.0, lowest, lowest)))
    assert view.chart is not None
    assert view.chart["max"] == end


def test_the_limit_of_an_alert_is_dashed_and_counts_for_the_axis() -> None:
    panel = _panel("timeseries", defaults={"unit": "s"}, overrides={"limit": DASHED})
    view = _draw(panel, Series({"job": "a"}, (0.01,) * 5), Series({"job": "limit"}, (60.0,) * 5))
    assert view.chart is not None
    assert view.chart["suffix"] == " min"
    assert [line["limit"] for line in view.chart["series"]] == [False, True]
    assert view.table is not None
    assert [row[0].colour for row in view.table.rows] == ["series-0", "limit"]


def test_a_limit_alone_is_nothing_to_see() -> None:
    panel = _panel("timeseries", overrides={"limit": DASHED})
    assert _draw(panel, Series({"job": "limit"}, (1.0,) * 5)).empty


def test_single_measurements_lead_to_their_traces() -> None:
    panel = _panel("timeseries", defaults={"unit": "s"})
    exemplars = [Exemplar("ab" * 16, 0.25, 1007.5)]
    view = _draw(panel, Series({"job": "a"}, (0.1,) * 5), exemplars=exemplars)
    assert view.chart is not None
    assert view.chart["exemplars"] == [[1_007_500, 250.0, "ab" * 16]]


def test_of_many_lines_the_largest_are_drawn() -> None:
    view = _draw(
        _panel("timeseries", defaults={"unit": "short"}),
        *(Series({"job": f"j{n}"}, (float(n),) * 5) for n in range(1, 31)),
    )
    assert view.chart is not None
    names = [line["name"] for line in view.chart["series"]]
    assert len(names) == 24
    assert "j30" in names
    assert view.chart["whole"]
    assert "j1" not in names
    assert view.note == "6 smaller series are left out."


def test_a_number_is_coloured_by_the_limit_that_an_alert_has() -> None:
    panel = _panel(
        "stat",
        Query("A", "a{}"),
        Query("limit", "l{}"),
        defaults={"unit": "percentunit", "thresholds": {"steps": [{"value": None, "color": "green"}]}},
        transformations={"configFromData": {"configRefId": "limit"}},
        link="botobs-orders",
    )
    found = {"A": [Series({}, (0.5,))], "limit": [Series({}, (0.4,))]}
    (figure,) = panels.draw(panel, Answers(series=found), WINDOW, frozenset()).figures
    assert (figure.text, figure.tone, figure.link) == ("50 %", "bad", "#botobs-orders")
    found["limit"] = [Series({}, (0.6,))]
    (figure,) = panels.draw(panel, Answers(series=found), WINDOW, frozenset()).figures
    assert figure.tone == "good"


def test_a_number_can_have_a_name() -> None:
    mappings = [{"type": "value", "options": {"1": {"text": "up", "color": "green"}}}]
    (figure,) = _draw(_panel("stat", defaults={"mappings": mappings}), Series({}, (1.0,))).figures
    assert (figure.text, figure.tone) == ("up", "good")


def test_queries_of_a_table_are_joined_by_their_labels() -> None:
    organize = {
        "excludeByName": {"Time": True},
        "indexByName": {"job": 0, "Value #A": 1, "Value #B": 2},
        "renameByName": {"job": "Service", "Value #A": "Requests", "Value #B": "p95"},
    }
    link = {"url": "/d/botobs-services?var-service=${__value.raw}"}
    panel = _panel(
        "table",
        Query("A", "a{}", instant=True),
        Query("B", "b{}", instant=True),
        transformations={"merge": {}, "organize": organize},
        overrides={"p95": {"unit": "s"}, "Requests": {"unit": "reqps"}, "Service": {"links": [link]}},
    )
    found = {
        "A": [Series({"job": "b"}, (2.0,)), Series({"job": "a"}, (1.0,))],
        "B": [Series({"job": "b"}, (0.25,))],
    }
    view = panels.draw(panel, Answers(series=found), WINDOW, frozenset())
    assert view.table is not None
    assert list(view.table.titles) == ["Service", "Requests", "p95"]
    assert _texts(view) == [["a", "1 req/s", "–"], ["b", "2 req/s", "250 ms"]]  # noqa: RUF001
    assert view.table.rows[0][0].link == "#botobs-services"


def test_states_are_stretches_with_a_name_and_gaps_end_them() -> None:
    mappings = [
        {
            "type": "value",
            "options": {"3": {"text": "running", "color": "green"}, "7": {"text": "failed", "color": "red"}},
        }
    ]
    panel = _panel("state-timeline", defaults={"mappings": mappings})
    view = _draw(panel, Series({"job": "bot"}, (3.0, 3.0, None, 7.0, 7.0)))
    assert view.chart is not None
    assert view.chart["bars"] == [
        [0, 1_000_000, 1_010_000, "series-2", "running"],
        [0, 1_015_000, 1_020_000, "bad", "failed"],
    ]
    assert view.keys == [("failed", "bad"), ("running", "series-2")]
    assert _texts(view)[0] == ["bot", "running", "00:16:40", "00:16:50", "10 s"]


def test_bars_are_in_the_order_of_the_queries() -> None:
    panel = _panel("bargauge", Query("A", "a{}", "decided"), Query("B", "b{}", "filled"))
    found = {"B": [Series({}, (3.0,))], "A": [Series({}, (5.0,))]}
    view = panels.draw(panel, Answers(series=found), WINDOW, frozenset())
    assert view.chart is not None
    assert (view.chart["names"], view.chart["values"]) == (["decided", "filled"], [5.0, 3.0])


def test_callers_stand_left_of_what_they_call() -> None:
    def edge(client: str, server: str, value: float) -> Series:
        return Series({"client": client, "server": server}, (value,))

    edges = {
        "calls": [
            edge("bots", "engine", 2.0),
            edge("engine", "db", 4.0),
            edge("bots", "db", 1.0),
            edge("x", "y", 0.0),
        ],
        "failed": [edge("engine", "db", 1.0)],
        "p95": [edge("bots", "engine", 0.2)],
    }
    view = panels.draw(_panel("nodeGraph", source="tempo"), Answers(edges=edges), WINDOW, frozenset())
    assert view.chart is not None
    assert {node["name"]: node["x"] for node in view.chart["nodes"]} == {
        "bots": 0.0,
        "engine": 1.0,
        "db": 2.0,
    }
    assert ["engine", "db", "4 req/s", "25 %", "–"] in _texts(view)  # noqa: RUF001


def test_services_that_call_each_other_have_a_place_too() -> None:
    edges = {
        "calls": [
            Series({"client": "a", "server": "b"}, (1.0,)),
            Series({"client": "b", "server": "a"}, (1.0,)),
        ]
    }
    view = panels.draw(_panel("nodeGraph", source="tempo"), Answers(edges=edges), WINDOW, frozenset())
    assert view.chart is not None
    assert {node["name"] for node in view.chart["nodes"]} == {"a", "b"}


def test_what_is_called_from_outside_is_a_service() -> None:
    """The collector names the missing end of an edge: `user` where it is the caller, else what was called."""

    def edge(client: str, server: str, kind: str) -> Series:
        return Series({"client": client, "server": server, "connection_type": kind}, (1.0,))

    calls = [
        edge("user", "manager", "virtual_node"),
        edge("manager", "engine", ""),
        edge("engine", "okx", "virtual_node"),
        edge("engine", "trading", "database"),
    ]
    panel = _panel("nodeGraph", source="tempo")
    view = panels.draw(panel, Answers(edges={"calls": calls}), WINDOW, frozenset())
    assert view.chart is not None
    colours = {node["name"]: node["colour"] for node in view.chart["nodes"]}
    assert colours["manager"] == colours["engine"]
    assert colours["user"] == colours["okx"]
    assert len(set(colours.values())) == 3


def test_traces_lead_to_their_waterfalls() -> None:
    summary = Summary("ab" * 16, "engine", "POST /turn", 1000 * 10**9, 0.25, 1)
    view = _draw(_panel("table", source="tempo"), traces=[summary])
    assert _texts(view) == [["00:16:40", "250 ms", "engine", "POST /turn", "abababababab"]]
    assert view.table is not None
    assert view.table.rows[0][-1].link == f"#trace-{'ab' * 16}"


def test_what_is_empty_says_why() -> None:
    panel = _panel("timeseries", Query("A", 'rate(errors_total{a="b"}[5m])'))
    assert "errors_total did not occur" in _draw(panel).note
    assert "the metrics are there" in _draw(panel, metrics=frozenset({"errors_total"})).note
    assert _draw(panel, refusals=["Prometheus cannot be reached"]).note == "Prometheus cannot be reached"
    assert _draw(_panel("table", source="tempo")).note == "No trace of this kind in this time."
    assert "a panel of the type heatmap" in _draw(_panel("heatmap"), Series({}, (1.0,))).note
