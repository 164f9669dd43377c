"""What every program of the matrix does: a piece of work, seen if `MONITORED` is set."""

from __future__ import annotations

import os
from pathlib import Path

MONITORED = "MONITORED" in os.environ

if MONITORED:
    from opentelemetry import metrics

    import botobs

    botobs.init()
    _done = metrics.get_meter("matrix").create_counter("done")


def work() -> None:
    """Do a piece of work, and write it down for whoever waits for it."""
    if MONITORED:
        with botobs.span("work"):
            _done.add(1)
    with Path(os.environ["DONE"]).open("ab") as done:
        done.write(b".")
