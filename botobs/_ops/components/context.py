"""What the command lines and checks of components are made from."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from ..errors import StackError
from ..home.home import Home
from ..home.private import make_folder
from ..programs.binaries import Binaries


@dataclass(frozen=True)
class Context:
    """A stack, before its processes start.

    Attributes:
        home: The stack's folder.
        binaries: The programs.
        values: Values of the settings; among them every port.
        http: A client that trusts the stack and is trusted by it.
    """

    home: Home
    binaries: Binaries
    values: Mapping[str, str]
    http: httpx.AsyncClient

    def port(self, variable: str) -> int:
        """The port number of an environment variable."""
        return int(self.values[variable])

    def url(self, variable: str, path: str = "") -> str:
        """Address on this machine of the listener whose port is `variable`."""
        return f"https://127.0.0.1:{self.values[variable]}{path}"

    def config(self, folder: str, file: str) -> str:
        """The path of a rendered configuration file."""
        return str(self.home.config / folder / file)

    def data(self, name: str) -> Path:
        """The folder of a component's data, made when it is missing.

        Raises:
            StackError: The home is not there any more.
        """
        if not self.home.path.is_dir():
            raise StackError(
                f"the home {self.home.path} was moved while its stack runs",
                "Move it back, or stop the stack and start it where the home is now.",
            )
        folder = self.home.data / name
        make_folder(folder)
        return folder

    def returns_200(self, url: str) -> Callable[[], Awaitable[bool]]:
        """A check that a request for `url` returns 200."""

        async def ready() -> bool:
            try:
                response = await self.http.get(url, timeout=3)
            except httpx.HTTPError:
                return False
            return response.status_code == 200

        return ready


def environ(**extra: str) -> dict[str, str]:
    """A process' environment: the little that programs need of ours, and `extra`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TZ") if name in os.environ}
    return {**kept, **extra}
