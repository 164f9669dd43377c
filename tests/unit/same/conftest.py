"""Fixtures of the differential tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import Postgres, postgres_server
from tests.support.same.workers import Workers
from tests.support.same.workers import workers as running


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """The processes that run programs."""
    with running(tmp_path_factory.mktemp("home")) as processes:
        yield processes


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with postgres_server() as server:
        yield server
