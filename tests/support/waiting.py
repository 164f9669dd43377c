"""Waiting for what happens elsewhere, without a time limit that a slow machine would break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until `condition()` holds; the test run's own limit ends a wait in vain."""
    while not condition():
        await asyncio.sleep(0)
