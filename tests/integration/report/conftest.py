"""A report of the running demo, and a browser that looks at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.stack import LiveStack, eventually

ROOT = Path(__file__).parents[3]
_INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
#: What must be there before the demo makes a picture.
_SEEN = (
    "sum(increase(botobs_orders_total[5m])) > 0",
    "count(traces_service_graph_request_total) > 3",
    "count(pg_stat_database_xact_commit_total) > 0",
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
    done = command("report", "--last", "10m", "-o", str(path), "--home", str(trading.home.path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, which is installed where that is allowed."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    arguments += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_chromium(), args=arguments)
        yield running
        running.close()


def _chromium() -> str:
    if shutil.which("chromium") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "--quiet"], capture_output=True, check=True)
        subprocess.run(_INSTALL, capture_output=True, check=True)
    found = shutil.which("chromium")
    if found is None:
        pytest.fail(f"Chromium is missing. Install it with: sudo {' '.join(_INSTALL)}", pytrace=False)
    return found
