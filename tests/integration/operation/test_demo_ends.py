"""However the demo is ended, it leaves no process behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

_ROOT = Path(__file__).parents[3]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach too."""
    folder = Path(tempfile.mkdtemp(prefix="botobs-up-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name
)
def test_the_demo_leaves_no_process_behind(home: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "botobs", "demo", "--home", str(home), "--ports", "auto", "--bots", "4"],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(home.parent)},
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("bot-manager") and "ready" in line:
                break
        family = psutil.Process(process.pid).children(recursive=True)
        assert {"prometheus", "tempo", "alertmanager", "postgres"} <= {each.name() for each in family}
        process.send_signal(number)
        process.stdout.read()
        process.wait(90)
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
