"""Pools of `multiprocessing` by the hundred, on a busy machine, whatever the collector does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from testbed.otlp_receiver import Reply, receiving, value_of

_PROGRAM = Path(__file__).parents[1] / "unit" / "sdk" / "programs" / "pools.py"
#: What the collector does.
COLLECTORS = ("answers", "is slow", "is gone")
#: Programs that run at once: twice as many as the machine has processors, each with its pools.
_PROGRAMS = 2 * (os.cpu_count() or 1)
#: Seconds before a slow collector answers.
_SLOW = 3.0


def close(
    method: str, count: int, collector: str, folder: Path, record_property: Callable[[str, object], None]
) -> None:
    """Pools close, one after the other in each of several programs, and each program says goodbye.

    Args:
        method: How the pools start their workers.
        count: Of pools; as many more as fill all programs.
        collector: Of `COLLECTORS`.
        folder: The programs' home.
        record_property: pytest's, for how many have closed.
    """
    each = -(-count // _PROGRAMS)
    with receiving() as receiver:
        receiver.reply = Reply(delay=_SLOW if collector == "is slow" else 0.0)
        if collector == "is gone":
            receiver.close()
        environ = os.environ | {"BOTOBS_ENDPOINT": receiver.endpoint, "HOME": str(folder)}
        running = [
            subprocess.Popen(
                [sys.executable, _PROGRAM, method, str(each)],
                env=environ,
                cwd=folder,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(_PROGRAMS)
        ]
        written = [process.communicate() for process in running]
        goodbyes = {
            resource["service.instance.id"]
            for resource, _, point in receiver.points("botobs.service.goodbye.timestamp")
            if resource.get("process.pid") in {process.pid for process in running} and value_of(point) > 0
        }
    closed = sum(len(output.splitlines()) for output, _ in written)
    record_property(f"pools by {method}, the collector {collector}", f"{closed} of {each * _PROGRAMS} closed")
    codes = [process.returncode for process in running]
    assert (codes, closed) == ([0] * _PROGRAMS, each * _PROGRAMS), "\n".join(errors for _, errors in written)
    if collector == "answers":
        assert len(goodbyes) == _PROGRAMS
