"""What `botobs dev` has kept comes to the collector and Tempo: all of it, each span once, before and while they run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from botobs._ops.embedded.store import Store, path_in
from testbed.otlp_requests import Span, traces
from testbed.stack import LiveStack
from tests.support.waiting import eventually

#: Traces with a span of another service each.
TRACES = 150
BOT = Path(__file__).parent / "programs" / "bot.py"


def in_tempo(live: LiveStack, trace_id: str) -> Counter[str]:
    """How often each span of a trace is stored, by its name."""
    with live.client("tempo") as http:
        response = http.get(f"/api/v2/traces/{trace_id}")
    if response.status_code != 200:
        return Counter()
    resources = response.json().get("trace", {}).get("resourceSpans", [])
    return Counter(
        span["name"] for one in resources for scope in one["scopeSpans"] for span in scope["spans"]
    )


def counted(live: LiveStack, service: str) -> int:
    """How many spans of a service are stored, repeated ones among them."""
    now = int(time.time())
    with live.client("tempo") as http:
        query = f'{{ resource.service.name = "{service}" }} | count_over_time()'
        response = http.get("/api/metrics/query", params={"q": query, "start": now - 3600, "end": now + 1})
        response.raise_for_status()
    return sum(round(float(one.get("value", 0))) for one in response.json().get("series") or [])


@pytest.fixture(scope="module")
def kept() -> list[Span]:
    return [Span("root", ago=600.0 - number) for number in range(TRACES)]


def test_before_and_while_the_stack_runs(kept: list[Span], tmp_path: Path) -> None:
    live = LiveStack()
    live.home.create()
    store = Store(path_in(live.home))
    for root in kept:
        store.add("traces", traces(root, service="before"))
        store.add("traces", traces(root.below("child"), service="before"))
    with live:
        assert eventually(lambda: store.waiting == 0, within=120)
        assert store.rows("SELECT state, count(*) FROM requests GROUP BY state") == [
            ("delivered", 2 * TRACES)
        ]
        eventually(lambda: counted(live, "before") == 2 * TRACES, within=120)
        for root in kept[:: TRACES // 10]:
            assert in_tempo(live, root.trace_id.hex()) == {"root": 1, "child": 1}

        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BOTOBS_HOME": str(live.home.path)}
        done = subprocess.run(
            [sys.executable, "-m", "botobs", "dev", "--", sys.executable, BOT],
            env=environ, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "the stack has all of it" in done.stderr
        eventually(lambda: counted(live, "later") == 20, within=120)
        # Neither a second look nor a second stack sends any of it again.
        assert counted(live, "before") == 2 * TRACES
    store.close()
