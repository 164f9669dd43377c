"""Meets the trouble that its first argument names."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import botobs


def handler_that_records() -> None:
    def record(number: int, frame: object) -> None:
        with botobs.span("signalled"):
            pass

    botobs.init()
    signal.signal(signal.SIGALRM, record)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    for _ in range(10_000):
        with botobs.span("x"):
            pass
    signal.setitimer(signal.ITIMER_REAL, 0)


def _fail(*_: Any) -> None:
    raise RuntimeError("broken")


def engine_that_fails() -> None:
    """Its second argument is the method."""
    handle = botobs.init(shutdown_timeout=1, span_interval=0.01, metric_interval=0.01)
    setattr(handle.engine, sys.argv[2], _fail)
    for _ in range(100):
        with botobs.span("x"):
            pass
    time.sleep(0.1)


def no_folder_and_no_thread() -> None:
    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    gone = Path("gone").resolve()
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    working = threading.Thread.start
    threading.Thread.start = full  # type: ignore[method-assign, assignment]
    handle = botobs.init()
    assert not handle.running
    with botobs.span("unseen"):
        pass
    threading.Thread.start = working  # type: ignore[method-assign]
    assert botobs.init(environment="again").running


def shutdown_that_fails() -> None:
    handle = botobs.init()
    handle.engine.shutdown = _fail  # type: ignore[method-assign]
    assert botobs.shutdown() is False
    assert botobs.init(environment="again").running


if __name__ == "__main__":
    globals()[sys.argv[1]]()
