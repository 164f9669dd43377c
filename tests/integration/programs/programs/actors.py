"""Actors of dramatiq; run as a program it sends what its first argument counts."""

from __future__ import annotations

import os
import sys

import dramatiq
import work  # type: ignore[import-not-found]
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=os.environ["BROKER"]))


@dramatiq.actor  # type: ignore[untyped-decorator]
def job() -> None:
    """Work."""
    work.work()


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        job.send()
