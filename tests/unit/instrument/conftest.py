from __future__ import annotations

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
