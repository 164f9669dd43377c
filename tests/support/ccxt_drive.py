"""Makes ccxt's exchange classes send signed requests to a loopback server."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from .ccxt_credentials import credentials, drive_arguments
from .recording_server import RecordingServer

#: Endpoints of one section of an exchange's interface that are tried before it is given up.
_ENDPOINTS = 4
#: Parts of sections' names that stand for what needs a key.
_PRIVATE = ("private", "sapi", "signed", "trade", "trading", "user", "account", "exchange", "wallet")


class Drive:
    """Drives one exchange class.

    Attributes:
        client: The exchange.
        errors: Classes of the errors that came before a request did.
    """

    def __init__(self, cls: type, server: RecordingServer) -> None:
        self._cls = cls
        self._server = server
        self.client: Any = None
        self.errors: list[str] = []
        self._endpoint: tuple[str, Any, str] | None = None

    async def find(self) -> bool:
        """Find credentials and an endpoint with which a signed request arrives.

        Returns:
            Whether there are any; then `client` has them.
        """
        for one in credentials():
            client = self._cls({**one, "enableRateLimit": False, "timeout": 10000})
            client.options |= {
                "authToken": one["token"],
                "proxyCredentials": {"proxy": one["apiKey"], "secret": one["token"]},
            }
            for endpoint in _private_endpoints(client):
                if await self._arrives(client, endpoint):
                    self.client, self._endpoint = client, endpoint
                    return True
            await _settle(client.close() if hasattr(client, "close") else None)
        return False

    async def call(self, answer: str) -> None:
        """Send a signed request that is answered `ok`, `error` or `cut`, by endpoint and by unified method."""
        assert self._endpoint is not None
        path, api, method = self._endpoint
        self._direct(self.client, answer)
        await self._try(self.client.request, path, api, method, drive_arguments(path))
        await self._try(self.client.fetch_balance)

    async def close(self) -> None:
        """Close the client."""
        if self.client is not None and hasattr(self.client, "close"):
            await _settle(self.client.close())

    async def _arrives(self, client: Any, endpoint: tuple[str, Any, str]) -> bool:
        path, api, method = endpoint
        self._direct(client, "ok")
        before = len(self._server.heard)
        await self._try(client.request, path, api, method, drive_arguments(path))
        return any(heard.signed for heard in self._server.heard[before:])

    async def _try(self, function: Any, *args: Any) -> None:
        try:
            await _settle(function(*args))
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}"[:160])

    def _direct(self, client: Any, answer: str) -> None:
        base = f"http://{self._server.address}/{answer}/{client.id}"
        client.urls["api"] = _redirected(client.urls.get("api"), base)
        client.hostname = self._server.address


async def _settle(result: Any) -> None:
    if inspect.isawaitable(result):
        await result


def _redirected(urls: Any, base: str) -> Any:
    if isinstance(urls, dict):
        return {key: _redirected(value, base) for key, value in urls.items()}
    return base if isinstance(urls, str) else urls


def _private_endpoints(client: Any) -> Iterator[tuple[str, Any, str]]:
    """Path, section and HTTP method of endpoints that need a key, likely ones first, few per section."""
    entries = [
        entry
        for cls in type(client).__mro__
        for entry in vars(cls).values()
        if type(entry).__name__ == "Entry" and hasattr(entry, "path")
    ]
    taken: dict[str, int] = {}
    likely = [entry for entry in entries if any(word in str(entry.api).lower() for word in _PRIVATE)]
    for entry in sorted(likely or entries, key=lambda entry: (_rank(str(entry.api)), "{" in entry.path)):
        key = f"{entry.api}{entry.method}"
        taken[key] = taken.get(key, 0) + 1
        if taken[key] <= _ENDPOINTS:
            yield entry.path, entry.api, entry.method


def _rank(api: str) -> int:
    return next((index for index, word in enumerate(_PRIVATE) if word in api.lower()), len(_PRIVATE))
