"""docker-compose.yml by Podman, without a right of root: compose speaks to its socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender
from tests.integration.compose.conftest import OPERATOR, prepared
from tests.support.containers import images
from tests.support.containers.podman import Podman
from tests.support.containers.project import Project
from tests.support.ledger import Delivery, wait_for_all


@pytest.fixture(scope="module")
def by_podman() -> Iterator[Project]:
    """Everything, started by an ordinary user."""
    with Podman(OPERATOR) as engine:
        images.make(engine)
        with prepared(engine, OPERATOR) as started:
            started.start()
            started.scraped()
            yield started


def test_everything_arrives(by_podman: Project, record_property: Callable[[str, object], None]) -> None:
    """Also what is sent while all containers are made anew."""
    sources: list[Source] = [Spans("podman-spans"), Points("podman-points")]
    with Sender(by_podman.addresses["intake"], by_podman.home.secrets, sources, pause=0.05) as sender:
        by_podman.compose("up", "--detach", "--force-recreate")
        by_podman.scraped()
    found = wait_for_all(by_podman, sender, within=240)
    record_property("by Podman", f"{found.acknowledged} acknowledged, {found.missing} missing")
    assert found == Delivery(found.acknowledged, 0)
