"""A cluster for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.stack import LiveStack

#: Tenants beside the stack's own.
TENANTS = ("quiet", "loud")


@pytest.fixture(scope="package")
def cluster() -> Iterator[LiveStack]:
    """A cluster without load, that lets some further tenants in.

    Stopped as soon as the tests of this folder are over: it takes a core of the machine while it idles.
    """
    variables = {
        "BOTOBS_TENANTS": ",".join(TENANTS),
        # What one of them may send; the stack's own is far below.
        "BOTOBS_TENANT_POINTS_PER_SECOND": "6000",
        "BOTOBS_TENANT_POINTS_BURST": "12000",
    }
    with LiveStack(variables, cluster=True) as live:
        yield live
