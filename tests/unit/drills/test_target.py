"""The handles of a stack that a drill breaks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import clients
from botobs._ops.drills.target import Target
from botobs._ops.home import state
from botobs._ops.home.home import Home


def test_threads_share_one_client_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one would stay open: only one is known at the end."""
    home = Home(tmp_path)
    made: list[httpx.Client] = []
    both = threading.Barrier(2, timeout=1)

    def of_part(running: state.Running, part: str) -> httpx.Client:
        # Whoever lets two threads in here at once is found out; one alone waits in vain, and goes on.
        try:
            both.wait()
        except threading.BrokenBarrierError:
            both.reset()
        made.append(httpx.Client(base_url=running.url(part)))
        return made[-1]

    monkeypatch.setattr(clients, "of_part", of_part)
    running = state.Running(home, 1, "development", {"collector": "https://127.0.0.1:1"})
    with Target(running) as target, ThreadPoolExecutor(2) as threads:
        first, second = threads.map(target.http, ["collector", "collector"])
    assert first is second
    assert len(made) == 1
    assert first.is_closed
