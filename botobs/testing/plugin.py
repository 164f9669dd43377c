"""The pytest plugin: fixtures for the tests of a service. pytest finds it when botobs is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from . import Capture


@pytest.fixture
def botobs_capture() -> Iterator[Capture]:
    """What the test's code records: spans, metrics and logs, with a fake clock and ids that count from one."""
    # Here and not above: pytest loads plugins in every run, also in those that never ask for the fixture.
    from . import FakeClock, capture

    with capture(clock=FakeClock()) as captured:
        yield captured
