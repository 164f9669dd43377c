"""Whoever asks OpenTelemetry's global providers gets what the SDK's have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.otlp_receiver import receiving

PROGRAM = Path(__file__).parent / "programs" / "global_providers.py"


@pytest.mark.parametrize("engine", ["fast", "stock"])
def test_what_the_sdk_has_is_there_and_the_logs_api_is_exported(engine: str, tmp_path: Path) -> None:
    with receiving() as receiver:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), engine],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BOTOBS_ENDPOINT": receiver.endpoint},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        records = receiver.logs
    assert json.loads(done.stdout) == {
        "flushed": [True, True],
        "service": "again",
        # A processor that was added stays, as it would at the SDK's provider.
        "spans": ["first", "second"],
        "sampler": True,
    }
    event, failure = [
        record for record in records if "event.name" in str(record) or "it failed" in str(record)
    ]
    assert event.body.string_value == '{"a": 1}'
    assert event.severity_text == "ERROR"
    assert event.trace_id == failure.trace_id != b""
    attributes = {pair.key: pair.value.string_value for pair in failure.attributes}
    assert attributes["exception.type"] == "builtins.ValueError"
    assert "raise ValueError" in attributes["exception.stacktrace"]
    assert "hunter2hunter2" not in str(records)
