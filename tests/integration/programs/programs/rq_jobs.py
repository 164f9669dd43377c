"""Jobs of RQ: `rq_jobs.py send N`, or `rq_jobs.py work CLASS` for a worker that is monitored before it forks."""

from __future__ import annotations

import os
import sys

import rq
from redis import Redis


def job() -> None:
    """Work, in the process that the worker has forked for it."""
    import work  # type: ignore[import-not-found]

    work.work()


if __name__ == "__main__":
    queue = rq.Queue(connection=Redis.from_url(os.environ["BROKER"]))
    if sys.argv[1] == "send":
        for _ in range(int(sys.argv[2])):
            queue.enqueue("rq_jobs.job")
    else:
        import work  # noqa: F401 - starts botobs here

        worker = getattr(rq, sys.argv[2])([queue], connection=queue.connection)
        worker.work(logging_level="WARNING")
