"""Forks workers that are terminated, fail or end; the word on the command line says which."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from multiprocessing.synchronize import Event

import botobs

CONTEXT = multiprocessing.get_context("fork")


def work(ready: Event, handles: bool) -> None:
    if handles:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with botobs.span("worked"):
        pass
    if not handles:
        assert botobs.flush(60)
    ready.set()
    time.sleep(300)


def end(fails: bool) -> None:
    with botobs.span("fails" if fails else "ends"):
        pass
    if fails:
        raise LookupError("nobody catches this")


def terminated(handles: bool) -> None:
    ready = CONTEXT.Event()
    child = CONTEXT.Process(target=work, args=(ready, handles))
    child.start()
    ready.wait()
    child.terminate()
    child.join()
    assert child.exitcode == (0 if handles else -signal.SIGTERM)


def ended() -> None:
    children = [CONTEXT.Process(target=end, args=(fails,)) for fails in (True, False)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [1, 0]


if __name__ == "__main__":
    botobs.init()
    if sys.argv[1] == "ended":
        ended()
    else:
        terminated(handles=sys.argv[1] == "handles")
