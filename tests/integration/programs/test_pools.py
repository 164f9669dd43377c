"""A thousand pools of `multiprocessing` close, on a busy machine, whatever the collector does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.otlp_receiver import Reply, receiving

PROGRAM = Path(__file__).parents[2] / "unit" / "sdk" / "programs" / "pools.py"
#: Pools of each start method with each collector; 1,005 in all.
POOLS = {"fork": 200, "forkserver": 75, "spawn": 60}
COLLECTORS = ("answers", "is slow", "is gone")
#: Seconds before a slow collector answers.
SLOW = 3.0


@pytest.fixture(scope="module", autouse=True)
def _load() -> Iterator[None]:
    """Twice as much work as the machine has processors for, less what others give it."""
    burn = [sys.executable, "-c", "while True: pass"]
    missing = 2 * (os.cpu_count() or 1) - int(os.getloadavg()[0])
    burning = [subprocess.Popen(burn) for _ in range(missing)]
    yield
    for process in burning:
        process.kill()
        process.wait()


@pytest.mark.parametrize("kind", COLLECTORS)
@pytest.mark.parametrize("method", POOLS)
def test_pools_close(
    method: str, kind: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    count = POOLS[method]
    with receiving() as receiver:
        receiver.reply = Reply(delay=SLOW if kind == "is slow" else 0.0)
        if kind == "is gone":
            receiver.close()
        done = subprocess.run(
            [sys.executable, PROGRAM, method, str(count)],
            env=os.environ | {"BOTOBS_ENDPOINT": receiver.endpoint, "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        goodbye = receiver.last_value("botobs.service.goodbye.timestamp")
    closed = len(done.stdout.splitlines())
    record_property(f"pools by {method}, the collector {kind}", f"{closed} of {count} closed")
    assert (done.returncode, closed) == (0, count), done.stderr
    if kind == "answers":
        assert goodbye > 0
