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
from ..settings import file
from ..settings.table import TABLE

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
            f"the stack's certificates in {secrets} cannot be used: {error.strerror or type(error).__name__}"
        ) from None
    return context


def _options(secrets: Path) -> dict[str, Any]:
    password = read_secret(secrets / "operator.password")
    # The environment's proxies are for the internet, not for loopback.
    return {
        "verify": ssl_context(secrets),
        "auth": ("operator", password),
        "timeout": 10.0,
        "trust_env": False,
        # The tenant of the query, for Mimir and Tempo of a cluster. Other components ignore it.
        "headers": {"X-Scope-OrgID": _tenant(Home(secrets.parent))},
    }


def _tenant(home: Home) -> str:
    given = os.environ.get(_TENANT, "").strip() or file.read(home).get(_TENANT, "").strip()
    return given or TABLE[_TENANT].default


def client(secrets: Path, base_url: str) -> httpx.Client:
    """A client for one component."""
    return httpx.Client(base_url=base_url, **_options(secrets))


def async_client(secrets: Path, base_url: str = "") -> httpx.AsyncClient:
    """The same for asyncio; without `base_url` for several components."""
    return httpx.AsyncClient(base_url=base_url, **_options(secrets))
