"""Opens and closes pools of processes, one after the other: `pools.py METHOD COUNT PATIENCE`.

Each is left as `with` leaves it: by `terminate()`, which sends SIGTERM to workers that may just be waiting for work,
recording, or starting. One that does not come to its end within PATIENCE seconds ends the program, with all stacks.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import sys

import botobs

botobs.init()


def job(number: int) -> int:
    """A piece of work that is seen."""
    with botobs.span("job"):
        return number


def main(method: str, count: int, patience: float) -> None:
    """Print the number of each pool that has closed."""
    context = multiprocessing.get_context(method)
    for number in range(1, count + 1):
        faulthandler.dump_traceback_later(patience, exit=True)
        with botobs.span("pool"), context.Pool(2) as pool:
            assert pool.map(job, range(8)) == list(range(8))
        faulthandler.cancel_dump_traceback_later()
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
