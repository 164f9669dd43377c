"""Closes pools of worker processes: `pools.py START_METHOD HOW_MANY`. Says how many were closed.

Each is left as `with` leaves it, by `terminate()`: SIGTERM to workers that wait for work, record, or start. Where one
does not close, the program ends with the stacks of all its threads.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import sys

import botobs

#: Seconds in which a pool closes even on a machine that starves; it takes about one.
PATIENCE = 600


def work(number: int) -> int:
    botobs.init()
    with botobs.span("worked"):
        return number


if __name__ == "__main__":
    botobs.init()
    context = multiprocessing.get_context(sys.argv[1])
    for done in range(int(sys.argv[2])):
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        with context.Pool(2) as pool:
            assert pool.map(work, range(4), chunksize=1) == [0, 1, 2, 3]
        print(done + 1, os.getpid(), flush=True)
