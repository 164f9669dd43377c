"""Takes over what the home's embedded store has: what `botobs dev` keeps, and what a demo began with."""

from __future__ import annotations

import asyncio
import logging
import threading

from ..._sdk.settings import load
from ..embedded.handover import Progress, hand_over
from ..embedded.store import Store, path_in
from ..home.home import Home

logger = logging.getLogger(__name__)

#: Seconds between two looks: a session may go on while the stack runs.
LOOK_INTERVAL = 1.0


class Takeover:
    """Sends what waits in the store to the stack's collector, as long as it runs.

    Args:
        home: Of the stack.
        endpoint: Where its collector listens.
        horizon: Maximum outage: seconds for which its stores accept late samples.

    Attributes:
        progress: What has been taken over.
    """

    def __init__(self, home: Home, endpoint: str, horizon: float) -> None:
        self.progress = Progress()
        self._path = path_in(home)
        self._horizon = horizon
        self._way = {
            "endpoint": endpoint,
            "certificate": home.secrets / "ca.pem",
            "token_file": home.secrets / "service.token",
        }
        self._store: Store | None = None
        self._stop = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send what is stored to the collector."""
        self._task = asyncio.create_task(self._run(), name="takeover")

    async def stop(self) -> None:
        """Stop after the request that is under way."""
        self._stop.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        if self._store is not None:
            self._store.close()

    @property
    def waiting(self) -> int:
        """Number of requests that wait."""
        return self._store.waiting if self._store is not None else 0

    async def _run(self) -> None:
        while not self._stop.is_set():
            try:
                await asyncio.to_thread(self._look)
            except Exception as error:
                # The stack goes on, and tries again.
                logger.warning("what botobs dev has kept cannot be taken over: %s", error)
            await asyncio.to_thread(self._stop.wait, LOOK_INTERVAL)

    def _look(self) -> None:
        if self._store is None:
            if not self._path.exists():
                return
            self._store = Store(self._path)
        waiting = self._store.waiting
        if not waiting:
            return
        if not self.progress.done:
            logger.warning("taking over %d requests that botobs dev has kept", waiting)
        refused = self.progress.rejected
        hand_over(self._store, load(self._way, {}), self._horizon, self.progress, self._stop)
        if self.progress.rejected > refused:
            logger.warning("the collector refused %d of them", self.progress.rejected - refused)
