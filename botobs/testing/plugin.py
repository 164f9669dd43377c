"""The pytest plugin: fixtures for the tests of a service. pytest finds it when botobs is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import Capture, FakeClock, capture


@pytest.fixture
def botobs_capture() -> Iterator[Capture]:
    """What the test's code records: spans, metrics and logs, with a fake clock and ids that count from one."""
    with capture(clock=FakeClock()) as captured:
        yield captured
