"""The page as text: nothing that a label holds becomes part of it, and nothing is fetched."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from botobs._ops.report.alerts import current, history
from botobs._ops.report.backends import Series
from botobs._ops.report.dashboards import Dashboard, Panel, Query, Section
from botobs._ops.report.gather import Report
from botobs._ops.report.page import page as page_of
from botobs._ops.report.panels import Answers, draw
from botobs._ops.report.view import View
from botobs._ops.report.waterfalls import draw as draw_waterfall
from botobs._ops.report.window import Window
from botobs._ops.shown import visible
from botobs._ops.traces import Kind, Span, Trace
from tests.support.hostile_names import NAMES

ROOT = Path(__file__).parents[3]
WINDOW = Window(start=1000, end=1020, step=5)
EVIL = "</script><img src=x onerror=alert(1)>"


def _report(evil: str = EVIL) -> Report:
    panel = Panel("d-1", "timeseries", evil, "Holds `code`.", queries=(Query("A", "up{}", "{{job}}"),))
    view = draw(panel, Answers(series={"A": [Series({"job": evil}, (1.0,) * 5)]}), WINDOW, frozenset())
    span = Span("a", "", evil, evil, Kind.SERVER, 10**18, 10**18 + 10**6, error=True, message=evil)
    return Report(
        window=WINDOW,
        environment=evil,
        dashboards=[Dashboard("d", evil, evil, (Section(evil, (panel,)),))],
        views={"d-1": view},
        history=View(note=evil),
        current=View(note=evil),
        slow=[draw_waterfall(Trace("ab" * 16, (span,)))],
        failed=[],
    )


def test_no_text_becomes_part_of_the_page() -> None:
    page = page_of(_report())
    assert "<img src=x" not in page
    assert page.count("<script") == page.count("</script>") == 4


def test_the_data_of_a_chart_can_be_read_again() -> None:
    data = re.search(r'class="chart-data">(.*?)</script>', page_of(_report()))
    assert data
    assert json.loads(data[1])["series"][0]["name"] == EVIL


def test_nothing_is_fetched() -> None:
    page = page_of(_report())
    assert "default-src 'none'" in page
    assert "connect-src" not in page
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?!data:)', markup)


def test_backticks_are_code() -> None:
    assert "Holds <code>code</code>." in page_of(_report())


def test_the_charting_library_is_the_pinned_one() -> None:
    pin = tomllib.loads((ROOT / "versions.toml").read_text(encoding="utf-8"))["echarts"]
    library = (ROOT / "botobs/_ops/report/_static/echarts.min.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() == pin["sha256"]
    assert f'"{pin["version"]}"' in library.decode()


def test_the_history_of_an_alert_is_when_it_fired() -> None:
    labels = {"alertname": "Late", "service_name": "engine", "alertstate": "firing", "severity": "critical"}
    view = history([Series(labels, (None, 1.0, 1.0, None, None))], WINDOW)
    assert view.chart is not None
    assert view.chart["rows"] == ["Late engine"]
    assert view.chart["bars"] == [[0, 1_005_000, 1_015_000, "bad", "firing"]]
    assert history([], WINDOW).note == "No alert was pending or firing in this time."


def test_an_alert_that_always_fires_is_not_shown_and_a_silence_is() -> None:
    def alert(severity: str, silenced: list[str]) -> dict[str, object]:
        return {
            "labels": {"alertname": "Late", "severity": severity},
            "annotations": {"summary": "It is late"},
            "startsAt": "2024-01-02T03:04:05.678Z",
            "status": {"state": "suppressed", "silencedBy": silenced, "inhibitedBy": []},
        }

    assert current([alert("none", [])]).empty
    view = current([alert("critical", ["s"])])
    assert view.table is not None
    texts = [cell.text for cell in view.table.rows[0]]
    assert texts == ["Late", "critical", "2024-01-02 03:04:05", "silenced", "It is late"]


class _Structure(HTMLParser):
    """The elements of a page, and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def _structure(page: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = _Structure()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_a_hostile_name_is_a_text_of_the_page(text: str) -> None:
    page = page_of(_report(text))
    page.encode()
    body = page.partition("<body")[2].partition("<script>")[0]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", body)
    if text:
        plain = page_of(_report("bot"))
        assert _structure(body) == _structure(plain.partition("<body")[2].partition("<script>")[0])
    data = re.search(r'class="chart-data">(.*?)</script>', page)
    assert data
    name = json.loads(data[1])["series"][0]["name"]
    assert name == visible(name)
