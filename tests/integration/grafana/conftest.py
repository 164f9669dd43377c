"""A stack with a load of which every number is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.stack import LiveStack
from tests.support.scripted import Truth, scripted_load


@pytest.fixture(scope="module")
def scripted() -> Iterator[tuple[LiveStack, Truth]]:
    """The stack after the load, and the truth about it."""
    with scripted_load() as made:
        yield made
