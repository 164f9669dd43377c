"""The console as a process of a stack, beside the backends: if it falls, nothing else does, and it is started again."""

from __future__ import annotations

import socket

import httpx

from ..access.people import Role
from ..components.ports import free_ports
from ..errors import StackError
from ..home.home import Home
from ..processes import child
from ..processes.process import Process
from ..settings.table import TABLE
from ..settings.values import gather
from .keys import key_of

_SETTING = "BOTOBS_CONSOLE_PORT"


def process(home: Home, ports_auto: bool) -> Process:
    """The process, for `Stack.add`.

    Args:
        home: The stack's.
        ports_auto: Pick a free port; else it is that of the settings, and a free one where nobody has set it and the
            usual one is taken: a console is no reason for a stack not to start.

    Raises:
        StackError: Somebody has set a port that is taken.
    """
    port = _port(home, ports_auto)
    url = f"http://127.0.0.1:{port}"
    # Now, and not with the first request: by then the disk may be full, or take nothing any more.
    for role in Role:
        key_of(home, role)

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as http:
                return (await http.get(f"{url}/healthz", timeout=3)).status_code == 200
        except httpx.HTTPError:
            return False

    return Process(
        name="console",
        command=[*child.command("botobs"), "console", "--home", str(home.path), "--serve", str(port)],
        ready=ready,
        environ=child.environ(),
        url=f"{url}/",
        stop_budget=5,
    )


def _port(home: Home, auto: bool) -> int:
    given = gather(home).texts.get(_SETTING)
    if auto and given is None:
        return free_ports(1)[0]
    wanted = int(given or TABLE[_SETTING].default)
    with socket.socket() as probe:
        # Connections of a console that has just stopped linger in TIME_WAIT and are in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            if given is not None:
                raise StackError(
                    f"the console's port {wanted} cannot be used: {error.strerror}", f"Set {_SETTING}."
                ) from None
            return free_ports(1)[0]
    return wanted
