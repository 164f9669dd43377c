"""The chart, in a Kubernetes cluster of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.sender import Sender
from tests.support.containers import images
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.installation import Installation
from tests.support.platforms import services

_IMAGES = (
    *(
        "collector",
        "intake",
        "scraper",
        "tempo",
        "mimir",
        "alertmanager",
        "object-store",
        "postgres_exporter",
    ),
)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One node with every image but Grafana's."""
    with Cluster() as running:
        images.make_programs(running, _IMAGES)
        images.make_service(running)
        yield running


@pytest.fixture(scope="session")
def botobs(cluster: Cluster) -> Installation:
    """Everything that the page installs, but Grafana."""
    made = Installation(cluster)
    made.prepare()
    made.install()
    return made


@pytest.fixture
def sender(botobs: Installation) -> Sender:
    """Sends spans and points from the host, until it is left."""
    return services(botobs)
