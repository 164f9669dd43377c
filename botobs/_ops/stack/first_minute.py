"""Begins a stack on the embedded store, and goes on with the backends once their programs are there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import replace

from ..._sdk.settings import read_token
from ..access import tokens
from ..components.table import COMPONENTS
from ..embedded.receiver import Receiver
from ..embedded.store import Store, path_in
from ..errors import StackError
from ..home.home import Home
from ..processes.process import Process
from ..processes.supervisor import Supervisor
from ..programs.binaries import Binaries, Display

#: The component that services send to.
_TAKES_THE_PLACE = next(
    component.name
    for component in COMPONENTS
    if any(port.variable == "BOTOBS_OTLP_HTTP_PORT" for port in component.ports)
)


class FirstMinute:
    """A receiver in the collector's place, with its address, certificate and tokens.

    Services find it as they find the collector, and keep on sending to the same address when that takes the place.

    Args:
        home: Of the stack.
        port: The collector's, for OTLP over HTTP.

    Attributes:
        store: What it has received.
        problem: Why the backends are not there, for a person; empty while they may still come.
    """

    def __init__(self, home: Home, port: int) -> None:
        self._home = home
        self._port = port
        self.store = Store(path_in(home))
        self.problem = ""
        self._receiver: Receiver | None = None

    def start(self) -> None:
        """Begin to listen.

        Raises:
            StackError: The port is taken.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self._home.secrets / "server.pem", self._home.secrets / "server.key")
        try:
            self._receiver = Receiver(self.store, self._port, tokens=self._tokens, tls=context)
        except OSError as error:
            raise StackError(
                f"port {self._port} cannot be used: {error.strerror}",
                "Move it with BOTOBS_OTLP_HTTP_PORT, or let all be chosen: --ports auto.",
            ) from None
        self._receiver.start()

    async def stop(self) -> None:
        """Listen no more; what is being received is kept first."""
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            await asyncio.to_thread(receiver.stop)

    async def close(self) -> None:
        """Stop, and close the store."""
        await self.stop()
        self.store.close()

    async def bring(
        self,
        binaries: Binaries,
        programs: Iterable[str],
        display: Display,
        supervisor: Supervisor,
        make: Callable[[], list[Process]],
    ) -> bool:
        """Get the programs, start the backends, and give the collector its place; whether that succeeded.

        Args:
            binaries: Gets them.
            programs: Which.
            display: Shows how far it is.
            supervisor: Runs them.
            make: Makes the processes of the backends, once the programs are there.
        """
        try:
            await asyncio.to_thread(binaries.require, programs, display)
            await supervisor.join(self._instead(each) for each in make())
        except StackError as error:
            self.problem = str(error)
            if self._receiver is None:
                self.start()
            return False
        return True

    def _instead(self, process: Process) -> Process:
        """What listens at our address starts when the receiver has made room for it."""
        if process.name != _TAKES_THE_PLACE:
            return process

        async def prepare() -> None:
            await self.stop()
            if process.prepare is not None:
                await process.prepare()

        return replace(process, prepare=prepare)

    def _tokens(self) -> list[str]:
        known = [token.value for token in tokens.valid(self._home.secrets)]
        return [*known, read_token(self._home.secrets / "service.token")]
