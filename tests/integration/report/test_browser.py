"""The report in a real browser: every panel, on a phone, a laptop and a wide screen, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from .conftest import INSPECT

pytestmark = pytest.mark.slow

_PICTURES = Path(__file__).parents[3] / ".botobs" / "screenshots"
_SCREENS: list[tuple[int, Literal["light", "dark"]]] = [
    (360, "light"),
    (360, "dark"),
    (1280, "light"),
    (1280, "dark"),
    (1920, "light"),
]
#: Panels of every kind that the demo fills, whatever else happens.
_FILLED = {
    "botobs-overview": {"Processes alive", "Services", "Exchanges", "Databases", "Silent bots"},
    "botobs-bots": {"State of each bot", "Bots", "Running"},
    "botobs-orders": {"Funnel", "Decision to answer", "Stages over time"},
    "botobs-traces": {"Service graph", "Edges"},
}


@contextmanager
def _opened(
    browser: Browser, url: str, width: int, scheme: Literal["light", "dark"]
) -> Iterator[tuple[Page, list[str]]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    yield page, said
    page.close()


def _pages(page: Page) -> Iterator[str]:
    """Show one page of the report after the other."""
    for link in page.locator("nav a").all():
        link.click()
        name = (link.get_attribute("href") or "").removeprefix("#")
        page.locator(f"#{name}").wait_for(state="visible")
        yield name


@pytest.mark.parametrize(("width", "scheme"), _SCREENS)
def test_everything_is_drawn_and_can_be_read(
    report: Path, browser: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    faults: dict[str, list[str]] = {}
    _PICTURES.mkdir(parents=True, exist_ok=True)
    with _opened(browser, report.as_uri(), width, scheme) as (page, said):
        for name in _pages(page):
            found = page.evaluate(INSPECT)
            if found:
                faults[name] = found
            page.screenshot(path=_PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
    assert not said
    assert not faults


def test_the_inspection_notices_what_is_wrong(report: Path, browser: Browser) -> None:
    with _opened(browser, report.as_uri(), 1280, "light") as (page, _):
        page.evaluate("""() => {
            const [first, second, third] = document.querySelectorAll(".page:not([hidden]) .panel");
            first.querySelector("h4").style.cssText = "overflow: hidden; width: 20px; white-space: nowrap";
            second.querySelector(".view").textContent = "";
            third.querySelector(".description").style.marginTop = "-1rem";
            document.querySelector(".page:not([hidden]) .chart svg").replaceChildren();
        }""")
        found = "\n".join(page.evaluate(INSPECT))
    for fault in ("is cut", "nothing, and no reason", "overlaps", "the chart is empty"):
        assert fault in found


def test_what_the_demo_does_is_on_the_panels(report: Path, browser: Browser) -> None:
    with _opened(browser, report.as_uri(), 1280, "light") as (page, _):
        for name in _pages(page):
            for title in _FILLED.get(name, ()):
                panel = page.locator(f"#{name} .panel").filter(
                    has=page.locator("h4").get_by_text(title, exact=True)
                )
                assert panel.locator(".chart, .figure, td").count(), f"{name}: {title} is empty"


def test_it_works_without_any_network(report: Path, browser: Browser) -> None:
    with _opened(browser, "about:blank", 1280, "light") as (page, _):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri())
        for _ in _pages(page):
            pass
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]


def test_a_trace_in_a_table_leads_to_its_waterfall(report: Path, browser: Browser) -> None:
    with _opened(browser, report.as_uri(), 1280, "light") as (page, _):
        trace = page.locator("details.trace").last.get_attribute("id")
        page.evaluate("name => { location.hash = name }", trace)
        page.locator(f"#{trace} .waterfall").first.wait_for(state="visible")
        assert page.locator("nav a[aria-current]").inner_text() == "Slow and failed"


def test_a_screen_reader_finds_its_way(report: Path, browser: Browser) -> None:
    with _opened(browser, report.as_uri(), 1280, "light") as (page, _):
        assert page.get_by_role("navigation", name="Dashboards").count() == 1
        assert page.get_by_role("main").count() == 1
        headings = page.locator("main h2:visible, main h3:visible, main h4:visible")
        levels = [int(tag[1]) for tag in headings.evaluate_all("all => all.map(each => each.tagName)")]
        assert levels[0] == 2
        assert all(below - above <= 1 for above, below in pairwise(levels))
        assert page.get_by_role("img").count() > 0
        tables = page.locator("table")
        assert tables.evaluate_all("all => all.every(each => each.querySelector('th[scope=col]'))")
