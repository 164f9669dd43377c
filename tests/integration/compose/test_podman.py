"""docker-compose.yml by Podman, without a right of root: compose speaks to its socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.compose.conftest import OPERATOR, prepared
from tests.support.containers import images
from tests.support.containers.podman import Podman
from tests.support.containers.project import Project
from tests.support.platforms import Record, complete, flows, services


@pytest.fixture(scope="module")
def by_podman() -> Iterator[Project]:
    """Everything, started by an ordinary user."""
    with Podman(OPERATOR) as engine:
        images.make(engine)
        with prepared(engine, OPERATOR) as started:
            started.start()
            started.scraped()
            yield started


def test_everything_arrives(by_podman: Project, record_property: Record) -> None:
    """Also what is sent while all containers are made anew."""
    with services(by_podman) as sender:
        flows(sender)
        by_podman.compose("up", "--detach", "--force-recreate")
        flows(sender)
    by_podman.scraped()
    complete(by_podman, sender, "by Podman, all containers made anew", record_property)
