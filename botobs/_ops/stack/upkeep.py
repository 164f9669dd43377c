"""What a stack that runs for years does by itself: it renews its certificates before they end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from ..access import certificates
from ..errors import StackError
from ..processes.process import State
from ..processes.supervisor import Supervisor
from .repeated import Repeated

logger = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK_INTERVAL = 6 * 3600.0


class Upkeep(Repeated):
    """Looks several times a day whether a certificate ends soon.

    Where one was renewed, the programs are restarted one after the other: some read what they show to others only at
    their start. What services send meanwhile waits with them, or in the collector's queue.

    Args:
        secrets: Folder of the certificates.
        supervisor: Runs the programs.
        names: Gives those that have read the certificates, in the order in which they are restarted.
        renewed: Called before the restarts, to write the metric of when the certificates end.
    """

    def __init__(
        self,
        secrets: Path,
        supervisor: Supervisor,
        names: Callable[[], Sequence[str]],
        renewed: Callable[[], None],
    ) -> None:
        super().__init__("upkeep", LOOK_INTERVAL, "certificates cannot be renewed", at_once=False)
        self._secrets = secrets
        self._supervisor = supervisor
        self._names = names
        self._renewed = renewed

    async def turn(self) -> None:
        """Look; where it fails, the alert CertificateExpiring reports it in time."""
        await self.look()

    async def look(self) -> bool:
        """Renew what ends soon, and restart what has read it; returns whether anything was renewed.

        Raises:
            StackError: There are no secrets where the stack was started; its home was moved since.
        """
        if not self._secrets.is_dir():
            raise StackError(f"{self._secrets} is gone")
        before = certificates.found(self._secrets)
        await asyncio.to_thread(certificates.ensure, self._secrets)
        if certificates.found(self._secrets) == before:
            return False
        logger.warning("the certificates were renewed; the programs of the stack are restarted, one by one")
        await asyncio.to_thread(self._renewed)
        for name in self._names():
            if self._supervisor.status[name].state is State.READY:
                await self._supervisor.hold(name)
                await self._supervisor.resume(name)
        return True
