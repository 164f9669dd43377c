"""The service graph of many services can be read on any screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from botobs._ops.report.backends import Series
from botobs._ops.report.dashboards import Dashboard, Panel, Section
from botobs._ops.report.gather import Report
from botobs._ops.report.page import page as page_of
from botobs._ops.report.panels import Answers, draw
from botobs._ops.report.view import View
from botobs._ops.report.window import Window

from .conftest import INSPECT

_WINDOW = Window(start=1000, end=1020, step=5)
_CALLED = ("postgresql", "binance", "okx")


def _fan(callers: int) -> list[tuple[str, str]]:
    """So many callers of one service, and several that are called in the end."""
    edges = [(f"strategy-worker-{number}", "trading-engine") for number in range(callers)]
    edges += [("trading-engine", "bot-manager")]
    return edges + [("bot-manager", called) for called in _CALLED]


def _crossed(callers: int) -> list[tuple[str, str]]:
    """Each caller calls all that is called, so that edges share their middle."""
    return [(f"service-{number}", called) for number in range(callers) for called in _CALLED]


def _page(edges: list[tuple[str, str]]) -> str:
    """A report with one graph."""
    labels = [{"client": client, "server": server, "connection_type": ""} for client, server in edges]
    found = {
        name: tuple(Series(each, (value,) * 5) for each in labels)
        for name, value in {"calls": 1.0, "failed": 0.0, "p95": 0.01}.items()
    }
    panel = Panel("g-1", "nodeGraph", "Service graph", "")
    report = Report(
        window=_WINDOW,
        environment="test",
        dashboards=[Dashboard("g", "Traces", "", (Section("Calls", (panel,)),))],
        views={"g-1": draw(panel, Answers(edges=found), _WINDOW, frozenset())},
        history=View(note="none"),
        current=View(note="none"),
        slow=[],
        failed=[],
    )
    return page_of(report)


@pytest.mark.parametrize(
    "edges",
    [*(_fan(callers) for callers in (1, 3, 6, 10)), *(_crossed(callers) for callers in (2, 3, 5))],
    ids=lambda edges: f"{edges[0][0]}-{len(edges)}",
)
@pytest.mark.parametrize("width", [360, 500, 1280])
def test_no_text_covers_another(
    browser: Browser, tmp_path: Path, width: int, edges: list[tuple[str, str]]
) -> None:
    path = tmp_path / "report.html"
    path.write_text(_page(edges), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    page.locator("nav a").get_by_text("Traces").click()
    page.locator(".chart svg").wait_for()
    drawn = page.locator(".chart svg").text_content() or ""
    assert all(name in drawn for name in _CALLED)
    assert page.evaluate(INSPECT) == []
    page.screenshot(path=tmp_path / "graph.png", full_page=True)
    page.close()
