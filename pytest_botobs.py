"""The pytest plugin: fixtures for the tests of a service. pytest finds it when botobs is installed.

A module of its own, which imports nothing before it is asked: where botobs cannot be imported, because of a release of
OpenTelemetry that lacks what it needs for instance, pytest must start all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from botobs.testing import Capture


@pytest.fixture
def botobs_capture() -> Iterator[Capture]:
    """What the test's code records: spans, metrics and logs, with a fake clock and ids that count from one."""
    from botobs.testing import FakeClock, capture

    with capture(clock=FakeClock()) as captured:
        yield captured
