"""A real OpenID provider: npm's `oidc-provider`, which is certified, on the loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from cryptography import x509

from botobs._ops.components.ports import free_ports
from tests.support import certificates
from tests.support.environments import CACHE

#: What is installed; its licence is MIT.
_RELEASE = "oidc-provider@9.13.3"
_PROGRAM = Path(__file__).with_name("provider.mjs")


@dataclass(frozen=True)
class OpenId:
    """One that runs.

    Attributes:
        issuer: Its address.
        authorities: File of the certificate that it shows.
    """

    issuer: str
    authorities: Path


@contextmanager
def provider(
    folder: Path, clients: list[dict[str, Any]], accounts: Mapping[str, Mapping[str, Any]]
) -> Iterator[OpenId]:
    """A provider for the length of a block.

    Args:
        folder: For its certificate.
        clients: As OpenID Connect Dynamic Client Registration has them.
        accounts: The claims of each person, by the name with which he signs in.
    """
    [port] = free_ports(1)
    issuer = f"https://127.0.0.1:{port}"
    cert, key = certificates.self_signed(
        folder, "openid", "127.0.0.1", x509.IPAddress(ip_address("127.0.0.1"))
    )
    options = {"issuer": issuer, "port": port, "cert": cert.read_text(), "key": key.read_text()}
    process = subprocess.Popen(
        [_found("node"), str(_installed() / _PROGRAM.name)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(options | {"clients": clients, "accounts": accounts}) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "ready\n"
            yield OpenId(issuer, cert)
        finally:
            process.kill()


def sign_in(browser: httpx.Client, address: str, name: str) -> httpx.Response:
    """Open an address of the console, as a person does: through the provider's pages, back to the console.

    Args:
        browser: Follows redirects, and keeps cookies.
        address: Of the console's sign-in.
        name: Who signs in.
    """
    page = browser.get(address)
    while "/interaction/" in _action(page):
        login = {"login": name, "password": "any"} if 'name="login"' in page.text else {}
        page = _submitted(browser, page, login)
    return page


def sign_out(browser: httpx.Client, address: str) -> httpx.Response:
    """Open an address of the console's that leads to the provider, and confirm there."""
    page = browser.get(address)
    assert "/session/end" in _action(page), page.text
    return _submitted(browser, page, {"logout": "yes"})


def _action(page: httpx.Response) -> str:
    """Where the first form of a page leads; empty without one."""
    form = re.search(r'<form[^>]*action="([^"]*)"', page.text)
    return unescape(form[1]) if form else ""


def _submitted(browser: httpx.Client, page: httpx.Response, fields: Mapping[str, str]) -> httpx.Response:
    hidden = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"', page.text)
    return browser.post(urljoin(str(page.url), _action(page)), data={**dict(hidden), **fields})


def _installed() -> Path:
    """The folder in which it is installed; done once, and its program beside it."""
    folder = CACHE / _RELEASE
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        words = [_found("npm"), "install", "--no-audit", "--no-fund", "--prefix", str(folder), _RELEASE]
        subprocess.run(
            words, check=True, capture_output=True, env=os.environ | {"npm_config_update_notifier": "false"}
        )
        (folder / "ready").touch()
    shutil.copy(_PROGRAM, folder)
    return folder


def _found(program: str) -> str:
    found = shutil.which(program)
    assert found is not None, f"{program} is needed, and not installed"
    return found
