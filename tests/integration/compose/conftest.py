"""The services of docker-compose.yml, in a Docker engine of the tests' own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testbed.stack import FAST
from tests.support.containers import images
from tests.support.containers.engine import Engine
from tests.support.containers.project import Project

#: An ordinary user, whom no other process of the machine belongs to.
OPERATOR = 12345


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine with every image but Grafana's."""
    with Engine(group=OPERATOR) as running:
        images.make(running)
        yield running


@contextmanager
def prepared(engine: Engine, user: int) -> Iterator[Project]:
    """A folder of a user's own, in which nothing has been typed yet; all that runs at the end is removed."""
    folder = Path(tempfile.mkdtemp(prefix="botobs-compose-", dir="/tmp"))
    try:
        project = Project(engine, folder, user, FAST)
        try:
            yield project
        finally:
            project.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def project(engine: Engine) -> Iterator[Project]:
    """Everything, started by an ordinary user on a host as most are."""
    engine.make_root("rshared")
    with prepared(engine, OPERATOR) as started:
        started.start()
        started.scraped()
        yield started
