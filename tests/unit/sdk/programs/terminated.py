"""Terminates workers in several ways: `terminated.py START_METHOD`. Each worker has recorded a span and a count.

None of them flushes. The names of the spans say how the worker was ended.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Event
from typing import Any

from opentelemetry import metrics

import botobs

#: Seconds that a worker sleeps which its parent is to end.
LONG = 300


def work(name: str) -> None:
    with botobs.span(name):
        metrics.get_meter("tested").create_counter("done").add(1, {"by": name})


def work_and_wait(name: str, ready: Event) -> None:
    work(name)
    ready.set()
    time.sleep(LONG)


def process(context: Any, name: str, daemon: bool) -> Any:
    """A worker that has done its work and waits."""
    ready = context.Event()
    made = context.Process(target=work_and_wait, args=(name, ready), daemon=daemon)
    made.start()
    ready.wait()
    return made


def main(context: Any) -> None:
    with context.Pool(2) as pool:
        pool.map(work, ["pool"] * 8, chunksize=1)
    terminated = process(context, "process", daemon=False)
    terminated.terminate()
    terminated.join()
    assert terminated.exitcode == -signal.SIGTERM
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        executor.submit(work, "executor").result()
        if hasattr(executor, "terminate_workers"):
            executor.terminate_workers()
    # Ended when Python ends, after botobs.
    process(context, "daemon", daemon=True)


if __name__ == "__main__":
    botobs.init()
    main(multiprocessing.get_context(sys.argv[1]))
