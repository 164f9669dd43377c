"""A service in small, on any Python and with any release of other packages: all that it does arrives."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from testbed.otlp_receiver import receiving

PROGRAM = Path(__file__).parents[1] / "integration" / "pythons" / "program.py"
PATIENCE = 120
#: What it records: the last needs the instrumentation of sqlite3.
SPANS = ("GET", "GET /there", "SELECT", "select")


def arrives(
    command: Sequence[str | Path],
    engine: str,
    folder: Path,
    becomes: str | None = None,
    spans: Sequence[str] = SPANS,
) -> str:
    """Run it; its spans, metrics, logs and goodbye arrive, and no instrumentation has failed.

    Args:
        command: What runs `PROGRAM`; it is given variables.
        engine: That it asks for.
        folder: Its home.
        becomes: The engine that it gets, if that is another one.
        spans: Of `SPANS`.

    Returns:
        The release of OpenTelemetry's SDK.
    """
    with receiving() as receiver:
        done = subprocess.run(
            command,
            env=os.environ
            | {"BOTOBS_ENDPOINT": receiver.endpoint, "BOTOBS_ENGINE": engine, "BOTOBS_LOGS": "true"}
            | {"HOME": str(folder)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    release, _, said = done.stdout.partition(" ")
    assert (done.returncode, said) == (0, f"{becomes or engine} []\n"), done.stderr
    seen = {span.name: span for span in receiver.spans}
    assert set(seen) >= set(spans)
    assert seen["GET /there"].parent_span_id == seen["GET"].span_id
    assert receiver.last_value("hits", side="buy") == 2
    assert receiver.last_value("level") == 3
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0
    assert "within" in [record.body.string_value for record in receiver.logs]
    return release
