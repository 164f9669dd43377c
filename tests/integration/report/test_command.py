"""`botobs report` as a person calls it, and the page that it serves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from botobs._ops.home import state
from botobs._ops.report.serve import Server
from testbed.stack import LiveStack
from tests.support.waiting import eventually

from .conftest import INSPECT, command


def test_an_hour_of_the_demo_is_one_file_below_5_megabytes(trading: LiveStack, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = command("report", "--last", "1h", "-o", str(path), "--json", "--home", str(trading.home.path))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == {"file": str(path), "bytes": path.stat().st_size, "panels": said["panels"]}
    assert 1_000_000 < said["bytes"] < 5_000_000


def test_no_backend_refuses_a_query(report: Path) -> None:
    page = report.read_text(encoding="utf-8")
    for refusal in ("cannot be reached", "answered 4", "answered 5", "cannot draw"):
        assert refusal not in page.split("<script>")[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--last", "soon"], "--last: 'soon' must be a duration like 500ms, 90s, 1.5h, 1h30m or 2d"),
        (["-o", "/nowhere/report.html"], "/nowhere/report.html cannot be written: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(trading: LiveStack, options: list[str], sentence: str) -> None:
    done = command("report", *options, "--home", str(trading.home.path))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_serves_until_it_is_interrupted(trading: LiveStack) -> None:
    words = ["report", "--serve", "--last", "2m", "--json", "--home", str(trading.home.path)]
    serving = subprocess.Popen([sys.executable, "-m", "botobs", *words], stdout=subprocess.PIPE, text=True)
    assert serving.stdout
    said = "".join(iter(serving.stdout.readline, "}\n")) + "}"
    page = httpx.get(json.loads(said)["url"], trust_env=False, timeout=None)
    serving.send_signal(signal.SIGINT)
    assert (page.status_code, serving.wait()) == (200, 130)
    serving.stdout.close()
    assert 'data-refresh="15"' in page.text


@pytest.fixture(scope="module")
def served(trading: LiveStack) -> Iterator[str]:
    with Server(state.require(trading.home), 300, refresh=2) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.url
        server.stop()
        thread.join()


def test_strangers_are_refused(served: str) -> None:
    base, token = served.rstrip("/").rsplit("/", 1)
    with httpx.Client(trust_env=False) as http:
        for path in ("", "/", "/wrong/", f"/{token[:-1]}/", f"/{token}x/", "/blocks.json"):
            assert http.get(f"{base}{path}").status_code == 403, path
        # A page of another site, whose name resolves to the loopback.
        assert http.get(served, headers={"Host": "elsewhere.example"}).status_code == 403
        assert http.get(f"{served}other").status_code == 404


def test_the_served_page_follows_what_happens(served: str, browser: Browser) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    # A report can take longer than a browser's usual patience where the machine is busy.
    page.goto(served, timeout=0)
    page.get_by_role("link", name="Orders", exact=True).click()
    chart = page.locator("#botobs-orders .chart").first
    when, data = (page.locator("header [data-block=when]"), chart.locator("+ .chart-data"))
    before = (when.inner_text(), data.text_content())
    assert eventually(lambda: when.inner_text() != before[0] and data.text_content() != before[1], within=300)
    assert page.evaluate(INSPECT) == []
    assert page.locator("#live").inner_text() == "live"
    assert not said
    page.close()
