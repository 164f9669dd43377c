"""What holds for every unit test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from botobs._sdk.engine.faults import FAULTS
from botobs._sdk.orders import UNSETTLED


@pytest.fixture(autouse=True)
def _no_losses_of_others() -> Iterator[None]:
    """Losses are counted for the process: those of a test would show in the export of the next."""
    yield
    FAULTS.forget()


@pytest.fixture(autouse=True)
def _no_orders_of_others() -> Iterator[None]:
    """What nobody knows of an order is remembered for the process."""
    yield
    UNSETTLED.forget()
