"""What the trading API reports, captured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from botobs.testing import Capture, FakeClock, capture


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def captured(clock: FakeClock) -> Iterator[Capture]:
    """A capture in fake time, without the instrumentations of libraries."""
    with capture(clock=clock, instrument=False) as captured:
        yield captured
