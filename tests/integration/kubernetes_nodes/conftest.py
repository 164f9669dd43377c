"""The chart of the whole stack, in a cluster of two nodes: the stores are on the first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.containers import images
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.installation import Installation

_IMAGES = ("collector", "scraper", "tempo", "mimir", "alertmanager", "object-store")


@pytest.fixture(scope="session")
def botobs() -> Iterator[Installation]:
    """Everything that the page installs, but Grafana."""
    with Cluster(count=2) as cluster:
        images.make_programs(cluster, _IMAGES)
        made = Installation(cluster, keeper="node-1")
        made.prepare()
        made.install()
        yield made
