from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from botobs._demo.exchange_simulator.exchange import Behaviour
from tests.support.simulator import Simulator, running_simulator


@pytest.fixture
def behaviour() -> Behaviour:
    """Time passes ten times as fast, and no order is rejected without a reason."""
    return Behaviour(reject_share=0.0, step=0.01)


@pytest_asyncio.fixture
async def simulator(behaviour: Behaviour) -> AsyncIterator[Simulator]:
    """A simulator on a free port."""
    async with running_simulator(behaviour) as running:
        yield running
