"""Tells of services on this machine that were killed, and delivers the orders that they had in flight.

Another process of the service does the same (`botobs._sdk.export.submissions`), but there may be none, and it may not
start again. Only what was meant for this stack is delivered, with the token that its service had.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

from ..._sdk.export.deaths import encode_death
from ..._sdk.export.destination import address, stack_at
from ..._sdk.export.journal_file import Left, announced, deliver_left
from ..._sdk.export.sender import Outcome, Sender
from ..._sdk.export.submission_spans import encode_left
from ..._sdk.redaction import Redactor
from ..._sdk.resource import host_name
from ..._sdk.settings import load, read_token, state_folder
from ..access import tokens
from ..home.home import Home
from .repeated import Repeated

logger = logging.getLogger(__name__)

#: Seconds between two looks: a death is told within five seconds, and most of them are the rule's.
LOOK_INTERVAL = 0.5
#: Seconds that one request may take.
_TIMEOUT = 10.0


class KilledServices(Repeated):
    """Looks twice a second for what killed services have left.

    Args:
        home: Of the stack.
        endpoint: Where its collector listens.
        published: Whether services find the stack without a setting.
    """

    def __init__(self, home: Home, endpoint: str, published: bool) -> None:
        super().__init__(
            "killed-services",
            LOOK_INTERVAL,
            "what killed services have left cannot be delivered",
            at_once=True,
        )
        self._home = home
        self._endpoint = endpoint
        self._published = published
        self._states = (
            state_folder(os.environ),
            state_folder({"XDG_STATE_HOME": str(home.services)}),
        )
        self._redactor = Redactor()
        self._foreign: dict[Path, set[str]] = {}

    async def turn(self) -> None:
        """Look, without holding up the stack."""
        await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Tell the collector what was left."""
        for state in self._states:
            for directory in (state, *announced(state)):
                known = self._foreign.setdefault(directory, set())
                known |= deliver_left(directory, self._deliver, known)

    def _deliver(self, left: Left) -> bool | None:
        token = self._destinations().get(left.destination)
        if token is None:
            return None
        now = time.time_ns()
        death = (
            encode_death(left.resource, left.orders, now, host_name(), self._redactor) if left.died else b""
        )
        orders, service = encode_left(left.resource, left.orders, self._redactor)
        certificate = self._home.secrets / "ca.pem"
        settings = load({"endpoint": self._endpoint, "certificate": certificate, "token": token}, {})
        sender = Sender(settings)
        try:
            outcome = sender.send("metrics", death, _TIMEOUT).outcome if death else Outcome.DELIVERED
            if left.orders and outcome is not Outcome.FAILED:
                outcome = sender.send("traces", orders, _TIMEOUT).outcome
        finally:
            sender.close()
        if outcome is Outcome.DELIVERED:
            logger.warning("%s was killed with %d orders in flight", service or "a service", len(left.orders))
        return outcome is not Outcome.FAILED

    def _destinations(self) -> dict[str, str]:
        """The tokens by the destinations of services that send to this stack."""
        file = self._home.secrets / "service.token"
        own = read_token(file)
        found = {stack_at(self._home.path): own} | ({stack_at(): own} if self._published else {})
        port = urlsplit(self._endpoint).port
        scheme = urlsplit(self._endpoint).scheme
        for endpoint in (self._endpoint, f"{scheme}://localhost:{port}"):
            found[address(endpoint, str(file), {})] = own
            for token in tokens.valid(self._home.secrets):
                found[address(endpoint, token.value, {})] = token.value
        return found
