"""Records spans faster than its queue may hold, until its input is closed."""

from __future__ import annotations

import sys
import threading

import botobs

botobs.init("flooding")
over = threading.Event()


def _flood() -> None:
    while not over.wait(0.01):
        for _ in range(200):
            with botobs.span("flood", {"filling": "x" * 1000}):
                pass


worker = threading.Thread(target=_flood)
worker.start()
sys.stdin.read()
over.set()
worker.join()
botobs.shutdown()
