"""The chart, in a Kubernetes cluster of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender
from tests.support.containers import images
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.installation import Installation

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
_SENDERS = count()


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
    number = next(_SENDERS)
    sources: list[Source] = [Spans(f"cluster-spans-{number}"), Points(f"cluster-points-{number}")]
    return Sender(botobs.endpoint, botobs.home.secrets, sources, pause=0.05)
