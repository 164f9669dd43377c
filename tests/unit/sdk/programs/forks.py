"""Makes processes as its first argument says."""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import botobs


def fork_of_a_fork() -> None:
    botobs.init()
    for _ in range(3):
        if os.fork():
            os.wait()
            break
    with botobs.span("here"):
        pass


def _work() -> None:
    botobs.init()
    with botobs.span("worked"):
        pass


def processes() -> None:
    botobs.init()
    context = multiprocessing.get_context(sys.argv[2])
    children = [context.Process(target=_work) for _ in range(2)]  # type: ignore[attr-defined]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]


def _return(number: int) -> int:
    with botobs.span("worked"):
        return number


def pool() -> None:
    botobs.init()
    with ProcessPoolExecutor(2, multiprocessing.get_context(sys.argv[2])) as pool:
        assert sum(pool.map(_return, range(10))) == 45


if __name__ == "__main__":
    globals()[sys.argv[1]]()
