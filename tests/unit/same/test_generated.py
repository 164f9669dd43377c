"""Programs of any shape behave the same with botobs as without it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.same.generated import bodies
from tests.support.same.workers import MODES, Workers

pytestmark = pytest.mark.slow

#: In the lane `same` there are 3,000.
_EXAMPLES = 20


def test_generated_programs(workers: Workers, long: bool) -> None:
    @settings(
        max_examples=3_000 if long else _EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies())
    def run(body: list[Any]) -> None:
        found = workers.differences(MODES if long else MODES[:1], generated=body)
        assert not found, "\n".join(found)

    run()
