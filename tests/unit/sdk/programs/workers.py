"""Ends a worker while it waits for a semaphore that is never released: `workers.py LIBRARY START_METHOD`.

Says what workers have for signals. Monitored if `MONITORED` is set.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

MONITORED = "MONITORED" in os.environ
if MONITORED:
    import botobs


def action(number: int) -> str:
    """What the system does at a signal, which no library can change the look of."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    masks = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    for mask, name in (("SigCgt", "caught"), ("SigIgn", "ignored"), ("SigBlk", "blocked")):
        if int(masks[mask], 16) & (1 << (number - 1)):
            return name
    return "default"


def look(_: object = None) -> str:
    if MONITORED:
        botobs.init()
        with botobs.span("looked"):
            pass
    shown = signal.getsignal(signal.SIGTERM)
    return f"{getattr(shown, '__name__', shown)} {action(signal.SIGTERM)} {action(signal.SIGHUP)}"


def wait(pipe: Any, semaphore: Any) -> None:
    pipe.send(look())
    semaphore.acquire()


def of_pool(context: Any) -> str:
    with context.Pool(1) as pool:
        return str(pool.map(look, [0])[0])


def of_executor(context: Any) -> str:
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        return str(executor.submit(look).result())


def of_process(context: Any) -> str:
    ours, theirs = context.Pipe()
    semaphore = context.Semaphore(0)
    process = context.Process(target=wait, args=(theirs, semaphore))
    process.start()
    seen = str(ours.recv())
    process.terminate()
    process.join()
    assert process.exitcode == -signal.SIGTERM, process.exitcode
    return seen


if __name__ == "__main__":
    if MONITORED:
        botobs.init()
    context = importlib.import_module(sys.argv[1]).get_context(sys.argv[2])
    print("process:", of_process(context))
    print("pool:", of_pool(context))
    if sys.argv[1] == "multiprocessing":
        print("executor:", of_executor(context))
    # That of the program itself is taken still.
    assert not MONITORED or action(signal.SIGTERM) == "caught"
