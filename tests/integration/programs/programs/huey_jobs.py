"""A consumer of huey; run as a program it sends what its first argument counts."""

from __future__ import annotations

import os
import sys

import work  # type: ignore[import-not-found]
from huey import RedisHuey

queue = RedisHuey("matrix", url=os.environ["BROKER"])


@queue.task()  # type: ignore[untyped-decorator]
def job() -> None:
    """Work."""
    work.work()


if __name__ == "__main__":
    # A task is named by its module.
    import huey_jobs  # type: ignore[import-not-found]

    for _ in range(int(sys.argv[1])):
        huey_jobs.job()
