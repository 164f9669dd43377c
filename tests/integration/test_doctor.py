"""`botobs doctor` and a service that finds the stack by itself, against the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from testbed.stack import LiveStack
from tests.support.waiting import eventually

_ROOT = Path(__file__).parents[2]


def _python(live: LiveStack, *words: str) -> subprocess.CompletedProcess[str]:
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("BOTOBS_", "OTEL_"))
    }
    return subprocess.run(
        [sys.executable, *words],
        cwd=_ROOT,
        env={**variables, "BOTOBS_HOME": str(live.home.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_doctor_finds_its_canary_in_both_stores(live: LiveStack) -> None:
    done = _python(live, "-m", "botobs", "doctor", "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    texts = [finding["text"] for finding in answer["findings"]]
    assert done.returncode == 0, [finding for finding in answer["findings"] if finding["level"] == "error"]
    assert any(text.startswith("the trace was found in Tempo") for text in texts)
    assert any(text.startswith("the metric was found in Prometheus") for text in texts)
    # Of this machine's disk, by the names that the collector gives it.
    assert any("how fast it fills is known after a day" in text for text in texts), texts
    assert answer["settings"]["endpoint"]["origin"] == str(live.home.path / "stack.json")


def test_a_service_that_ends_says_goodbye(live: LiveStack) -> None:
    done = _python(live, "tests/integration/sdk/programs/short_lived.py")
    assert (done.returncode, done.stderr) == (0, "")
    series = eventually(
        lambda: live.query('botobs_service_goodbye_timestamp_seconds{service_name="short-lived"} > 0')
    )
    assert len(series) == 1
    found = eventually(lambda: live.search('{ resource.service.name = "short-lived" }'))
    assert [trace["rootTraceName"] for trace in found] == ["all there was"]
