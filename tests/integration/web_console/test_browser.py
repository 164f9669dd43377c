"""The console in a real browser, over a stack on which the demo trades: phone and laptop, by day and by night."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Literal

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from botobs._ops.web_console import Server
from testbed.stack import LiveStack
from tests.support.browser import chromium
from tests.support.waiting import eventually

_PAGES = (
    "",
    "orders",
    "bots",
    "dashboards/botobs-overview?from=now-5m&to=now",
    "dashboards/botobs-orders?from=now-5m&to=now",
    "traces",
    "why",
    "runbooks/OrderOutcomeUnknown",
    "silences/OrderOutcomeUnknown",
)
_SCREENS: list[tuple[int, Literal["light", "dark"]]] = [(1440, "light"), (390, "dark")]
_PICTURES = Path(__file__).parents[3] / ".botobs" / "screenshots"


@pytest.fixture(scope="module")
def server(live: LiveStack) -> Iterator[Server]:
    """The console of the stack, once the demo trades."""
    assert eventually(lambda: live.query("sum(increase(botobs_orders_total[5m])) > 0"), within=300)
    with Server(live.home) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.stop()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; its driver holds an event loop of this thread, which other modules need."""
    with chromium() as running:
        yield running


def _opened(context: BrowserContext, server: Server) -> tuple[Page, list[str]]:
    page = context.new_page()
    page.set_default_timeout(0)
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url())
    return page, said


def _filled(page: Page) -> None:
    assert eventually(lambda: not page.locator("[aria-busy]").count(), within=300)


@pytest.mark.parametrize(("width", "scheme"), _SCREENS)
def test_every_page_can_be_read_and_used_by_everybody(
    browser: Browser, server: Server, width: int, scheme: Literal["light", "dark"]
) -> None:
    # Axe is put into the page; the policy of the console lets nobody else do that.
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page, said = _opened(context, server)
    faults = {}
    _PICTURES.mkdir(parents=True, exist_ok=True)
    for name in _PAGES:
        page.goto(f"{server.origin}{name}")
        _filled(page)
        result = Axe().run(page)
        if result.violations_count:
            faults[name] = result.generate_report()
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults[f"{name} is wider than the screen"] = ""
        places = page.locator("nav[aria-label=Console] a")
        if any(
            (box := place.bounding_box()) is None or box["x"] + box["width"] > width for place in places.all()
        ):
            faults[f"{name} cuts the navigation off"] = ""
        page.screenshot(
            path=_PICTURES / f"console-{name.partition('?')[0].replace('/', '-')}-{width}-{scheme}.png"
        )
    context.close()
    assert not faults, "\n".join(f"{name}: {text}" for name, text in faults.items())
    assert not said


def test_the_policy_forbids_nothing_that_the_console_does(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page, said = _opened(context, server)
    for name in ("", "dashboards/botobs-overview", "traces"):
        page.goto(f"{server.origin}{name}")
        _filled(page)
    context.close()
    assert not said


def test_a_range_is_chosen_and_kept(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, _ = _opened(context, server)
    page.goto(f"{server.origin}dashboards/botobs-orders?from=now-5m&to=now")
    page.get_by_role("button", name="Zoom in").press("Enter")
    page.wait_for_url("**from=now-*s**")
    _filled(page)
    page.get_by_role("navigation", name="Dashboards").get_by_role("link", name="Bots", exact=True).click()
    page.wait_for_url("**/botobs-bots?*from=now-*s**")
    _filled(page)
    chart = page.locator(".timeseries .chart").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box

    def zoomed() -> bool:
        # A chart is drawn once it is seen, and again at each refresh: what is drawn over before that selects nothing.
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 70, steps=5)
        page.mouse.up()
        page.wait_for_timeout(1000)
        return "to=now" not in page.url

    assert eventually(zoomed, within=300)
    context.close()


def test_a_refresh_takes_nothing_from_under_the_hand(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page, _ = _opened(context, server)
    page.goto(f"{server.origin}orders?from=now-5m&to=now")
    _filled(page)
    newest = page.locator('[data-block="newest"]')
    table = newest.locator(".scroll")
    table.evaluate("each => each.scrollTo(60, 40)")

    def looked_again() -> None:
        # Choosing how often looks at once.
        before = newest.inner_html()
        page.locator("#refresh").evaluate("each => each.dispatchEvent(new Event('change'))")
        assert eventually(lambda: newest.inner_html() != before, within=300)

    looked_again()
    assert table.evaluate("each => [each.scrollLeft, each.scrollTop]") == [60, 40]
    # What is held stays until it is let go.
    table.dispatch_event("pointerdown")
    before = newest.inner_html()
    for _ in range(3):
        with page.expect_response("**/blocks/orders*"):
            page.locator("#refresh").evaluate("each => each.dispatchEvent(new Event('change'))")
    assert newest.inner_html() == before
    table.dispatch_event("pointerup")
    looked_again()
    context.close()


def test_a_runbooks_query_is_answered_below_it(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page, said = _opened(context, server)
    page.goto(f"{server.origin}runbooks/ServiceLatencyHigh")
    _filled(page)
    page.get_by_role("button", name="Run this query").first.click()
    page.locator(".answer td").first.wait_for()
    context.close()
    assert not said


def test_a_page_that_has_stopped_does_not_look_like_one_on_which_all_is_well(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page, _ = _opened(context, server)
    page.get_by_text("as of").wait_for()
    page.route("**/blocks/**", lambda route: route.abort())
    _look_again(page)
    lost = page.locator(".lost")
    lost.wait_for()
    assert re.search(r"not live, as of \d\d:\d\d:\d\d UTC", lost.inner_text())
    page.unroute("**/blocks/**")
    _look_again(page)
    lost.wait_for(state="detached")
    context.close()


@pytest.mark.parametrize("place", ["", "runbooks/ServiceLatencyHigh"])
def test_whoever_is_no_longer_signed_in_is_asked_to(browser: Browser, server: Server, place: str) -> None:
    context = browser.new_context()
    page, _ = _opened(context, server)
    page.goto(f"{server.origin}{place}")
    _filled(page)
    context.clear_cookies()
    if place:
        page.get_by_role("button", name="Run this query").first.click()
    else:
        _look_again(page)
    page.locator("input[name=key]").wait_for()
    assert page.url == f"{server.origin}{place}"
    assert not page.locator(".answer").count()
    context.close()


def test_a_wrong_clock_of_the_device_moves_nothing(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(0)
    page.clock.set_system_time(time.time() - 7200)
    page.goto(server.url())
    page.goto(f"{server.origin}dashboards/botobs-orders?from=now-5m&to=now")
    page.get_by_text("as of").wait_for()
    shown = re.search(r"as of (\d\d):(\d\d)", page.locator("#live").inner_text())
    assert shown
    minutes = int(shown[1]) * 60 + int(shown[2])
    assert (time.time() / 60 - minutes + 1) % 1440 < 30
    page.get_by_role("button", name="Earlier").click()
    page.wait_for_url("**to=*")
    until = re.search(r"to=(\d+)", page.url)
    assert until
    assert time.time() - int(until[1]) / 1000 < 1800
    context.close()


def _look_again(page: Page) -> None:
    page.locator("body").evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize(
    ("part", "place", "silent", "lives"),
    [
        ("tempo", "dashboards/botobs-traces", "Tempo does not answer", ".timeseries svg"),
        ("prometheus", "traces", "Prometheus does not answer", "td"),
    ],
)
def test_a_frozen_backend_is_said_and_the_rest_of_the_page_lives(
    live: LiveStack, browser: Browser, server: Server, part: str, place: str, silent: str, lives: str
) -> None:
    context = browser.new_context()
    page, _ = _opened(context, server)
    pid = live.stack.supervisor.status[part].pid
    assert pid
    process = psutil.Process(pid)
    process.send_signal(signal.SIGSTOP)
    try:
        page.goto(f"{server.origin}{place}")
        page.get_by_text(silent).first.wait_for()
        page.locator(lives).first.wait_for()
        _filled(page)
    finally:
        process.send_signal(signal.SIGCONT)
    context.close()
