"""What a stack does beside its programs, again and again."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

logger = logging.getLogger(__name__)


class Repeated(ABC):
    """Takes a turn at an interval until it is stopped. A turn that fails is logged, and the next one tries again.

    Args:
        name: Of the task.
        every: Seconds between two turns.
        failed: What the log says of a turn that fails.
        at_once: Whether the first turn is at the start; after `every` otherwise.
    """

    def __init__(self, name: str, every: float, failed: str, *, at_once: bool) -> None:
        self._name = name
        self._every = every
        self._failed = failed
        self._at_once = at_once
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take turns."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Take no further turn."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @abstractmethod
    async def turn(self) -> object:
        """One turn."""

    async def _run(self) -> None:
        if not self._at_once:
            await asyncio.sleep(self._every)
        while True:
            try:
                await self.turn()
            except Exception as error:
                # The stack goes on.
                logger.warning("%s: %s", self._failed, error)
            await asyncio.sleep(self._every)
