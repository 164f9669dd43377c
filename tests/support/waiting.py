"""Waiting for what happens elsewhere, without a time limit that a slow machine would break."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until `condition()` holds; the test run's own limit ends a wait in vain."""
    while not condition():
        await asyncio.sleep(0)


def eventually(condition: Callable[[], object], patience: float = 60.0) -> None:
    """Wait until `condition()` holds; for what happens in another thread or process.

    Raises:
        AssertionError: It did not come to hold within `patience` seconds, far longer than it needs.
    """
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "did not come to hold"
        time.sleep(0.01)
