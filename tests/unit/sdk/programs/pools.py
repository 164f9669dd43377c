"""Closes pools of worker processes: `pools.py START_METHOD HOW_MANY`. Says how many were closed."""

from __future__ import annotations

import multiprocessing
import os
import sys

import botobs


def work(number: int) -> int:
    botobs.init()
    with botobs.span("worked"):
        return number


if __name__ == "__main__":
    botobs.init()
    context = multiprocessing.get_context(sys.argv[1])
    for done in range(int(sys.argv[2])):
        with context.Pool(2) as pool:
            assert pool.map(work, range(4), chunksize=1) == [0, 1, 2, 3]
        print(done + 1, os.getpid(), flush=True)
