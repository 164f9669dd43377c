from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.support.postgres import Postgres, postgres_server
from tests.support.telemetry import Recorder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def recorder() -> Recorder:
    """Spans and metrics in memory."""
    return Recorder()


@pytest.fixture
def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
