"""A report of the running demo, and a browser that looks at it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from testbed.stack import LiveStack
from tests.support.browser import chromium
from tests.support.waiting import eventually

#: Looks at the page that is shown, and returns what is wrong.
INSPECT = (Path(__file__).parent / "inspect.js").read_text(encoding="utf-8")
#: What must be there before the demo makes a picture.
_SEEN = (
    "sum(increase(botobs_orders_total[5m])) > 0",
    "count(traces_service_graph_request_total) > 3",
    "count(pg_up) > 0",
    # A report ends at the last point of its grid, which lies a little back.
    "sum(rate(botobs_order_decision_to_ack_duration_seconds_count[1m] offset 10s)) > 0",
)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `botobs` as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "botobs", *words], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def trading(live: LiveStack) -> LiveStack:
    """The stack, once its demo has traded and been seen."""
    for query in _SEEN:
        assert eventually(lambda query=query: live.query(query), within=120), query  # type: ignore[misc]
    return live


@pytest.fixture(scope="session")
def report(trading: LiveStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the command writes."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    done = command("report", "--last", "2m", "-o", str(path), "--home", str(trading.home.path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; its driver holds an event loop of this thread, which other modules need."""
    with chromium() as running:
        yield running
