"""An environment with the servers and queues that people use, and brokers for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environments import environment
from tests.support.packaged import redis_server

REQUIREMENTS = [
    "aiohttp>=3.10",
    "apscheduler>=3,<4",
    "celery>=5.4",
    "dramatiq>=1.17",
    "gevent>=24",
    "granian>=2",
    "gunicorn>=23",
    "hypercorn>=0.17",
    "huey>=2.5",
    "ipykernel>=6",
    "joblib>=1.4",
    "nbclient>=0.10",
    "quart>=0.19",
    "redis>=5",
    "rq>=2",
    "sanic>=24.12",
    "uvicorn>=0.30",
]


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of that environment."""
    return environment("programs", REQUIREMENTS)


@pytest.fixture(scope="session")
def redis() -> Iterator[str | None]:
    """Address of a Redis that keeps nothing; None where the system has none."""
    with redis_server() as address:
        yield address
