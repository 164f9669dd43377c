"""A whole stack, long-term store included, that nobody but these tests talks to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.stack import LiveStack


@pytest.fixture(scope="package")
def secured() -> Iterator[LiveStack]:
    """Every part that can run natively."""
    with LiveStack(mimir=True) as stack:
        yield stack
