"""A worker of arq; run as a program it sends what its first argument counts."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import work  # type: ignore[import-not-found]
from arq import create_pool
from arq.connections import RedisSettings

_BROKER = RedisSettings.from_dsn(os.environ["BROKER"])


async def job(_: dict[str, Any]) -> None:
    """Work."""
    work.work()


class Worker:
    """What `arq` starts."""

    functions = (job,)
    redis_settings = _BROKER
    #: Seconds for the last job to end in when the worker is told to.
    job_completion_wait = 60


async def _send(number: int) -> None:
    queue = await create_pool(_BROKER)
    for _ in range(number):
        await queue.enqueue_job("job")
    await queue.aclose()


if __name__ == "__main__":
    asyncio.run(_send(int(sys.argv[1])))
