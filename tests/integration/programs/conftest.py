"""An environment with the servers and queues that people use, and brokers for them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.components.ports import free_ports
from tests.support.environments import environment
from tests.support.waiting import eventually

REQUIREMENTS = [
    "apscheduler>=3,<4",
    "celery>=5.4",
    "dramatiq>=1.17",
    "gevent>=24",
    "granian>=2",
    "gunicorn>=23",
    "hypercorn>=0.17",
    "ipykernel>=6",
    "joblib>=1.4",
    "nbclient>=0.10",
    "redis>=5",
    "rq>=2",
    "uvicorn>=0.30",
]


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of that environment."""
    return environment("programs", REQUIREMENTS)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """Address of a Redis that keeps nothing; None where the system has none."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = free_ports(1)[0]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--daemonize", "no"]
    with subprocess.Popen(
        command,
        cwd=tmp_path_factory.mktemp("redis"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            output = process.stdout
            assert output is not None
            eventually(lambda: "Ready to accept connections" in output.readline())
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
