"""HTTP clients for the components of a running stack, with its certificates and the operator's password."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import httpx

from ..errors import StackError
from ..home.home import Home
from ..home.private import read_secret
from ..home.state import Running
from ..settings import file
from ..settings.table import TABLE
from .watched import AsyncWatched, Watch, Watched

#: Seconds in which a part has to respond.
TIMEOUT = 10.0
_TENANT = "BOTOBS_TENANT"


def ssl_context(secrets: Path) -> ssl.SSLContext:
    """Trusts the stack's CA alone, and shows the stack's client certificate, which Tempo and Mimir demand.

    Raises:
        StackError: They are not there, or damaged.
    """
    try:
        context = ssl.create_default_context(cafile=str(secrets / "ca.pem"))
        context.load_cert_chain(secrets / "client.pem", secrets / "client.key")
    except OSError as error:
        raise StackError(
            f"the stack's certificates in {secrets} cannot be used: {error.strerror or type(error).__name__}",
            "Where the home was moved while the stack runs, name where it is now with --home.",
        ) from None
    return context


def _options(secrets: Path) -> dict[str, Any]:
    password = read_secret(secrets / "operator.password")
    return {
        "auth": ("operator", password),
        "timeout": TIMEOUT,
        # The tenant of the query, for Mimir and Tempo of a cluster. Other components ignore it.
        "headers": {"X-Scope-OrgID": _tenant(Home(secrets.parent))},
        # The environment's proxies are for the internet, not for loopback.
        "trust_env": False,
    }


def _tenant(home: Home) -> str:
    given = os.environ.get(_TENANT, "").strip() or file.read(home).get(_TENANT, "").strip()
    return given or TABLE[_TENANT].default


def client(secrets: Path, base_url: str) -> httpx.Client:
    """A client for one component, wherever it runs."""
    return httpx.Client(base_url=base_url, verify=ssl_context(secrets), **_options(secrets))


def async_client(secrets: Path) -> httpx.AsyncClient:
    """The same for asyncio, for several components."""
    return httpx.AsyncClient(verify=ssl_context(secrets), **_options(secrets))


def of_part(running: Running, part: str, timeout: float = TIMEOUT) -> httpx.Client:
    """A client for a part of a running stack, which gives a request up when the part stands still.

    Args:
        running: The stack.
        part: Its component, such as `prometheus`.
        timeout: Seconds in which a part that works has to respond.

    Raises:
        StackError: It does not run there, or the stack's certificates cannot be used.
    """
    url, secrets = running.url(part), running.home.secrets
    inner = httpx.HTTPTransport(verify=ssl_context(secrets), trust_env=False)
    transport = Watched(inner, Watch(running.home.control, part, running.pid > 0))
    return httpx.Client(base_url=url, transport=transport, **_options(secrets) | {"timeout": timeout})


def async_of_part(running: Running, part: str, timeout: float = TIMEOUT) -> httpx.AsyncClient:
    """The same for asyncio."""
    url, secrets = running.url(part), running.home.secrets
    inner = httpx.AsyncHTTPTransport(verify=ssl_context(secrets), trust_env=False)
    transport = AsyncWatched(inner, Watch(running.home.control, part, running.pid > 0))
    return httpx.AsyncClient(base_url=url, transport=transport, **_options(secrets) | {"timeout": timeout})
