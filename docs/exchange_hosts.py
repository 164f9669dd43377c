"""Writes which hosts belong to which exchange, from the addresses that ccxt ships: part of `make docs`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ccxt
import ccxt.pro

from botobs._sdk.instrument.exchange.hosts import FILE, TESTNET

#: Of clients that ccxt has no exchange for, and market data beside the API.
MORE = {
    "alpaca.markets": "alpaca",
    "binance.vision": "binance",
    "clob.polymarket.com": "polymarket",
    "gateio.ws": "gate",
    "hyperliquid.xyz": "hyperliquid",
    "ws-live-data.polymarket.com": "polymarket",
    "ws-subscriptions-clob.polymarket.com": "polymarket",
}
#: Names below which anybody may register one: the part before them distinguishes owners.
_SHARED = frozenset({"co.jp", "co.kr", "co.uk", "com.au", "com.br", "com.tr", "co.id", "co.za", "co.th"})


def pages() -> dict[Path, str]:
    """Content of the file, by its path."""
    return {Path(str(FILE)): json.dumps(table(), indent=0, sort_keys=True) + "\n"}


def table() -> dict[str, str]:
    """The exchange by the end of a host's name; the longest end that fits counts."""
    found: dict[str, set[str]] = defaultdict(set)
    test: set[str] = set()
    for identity in ccxt.exchanges:
        for module in (ccxt, ccxt.pro):
            if hasattr(module, identity):
                exchange = getattr(module, identity)()
                live = set(_hosts(exchange.urls.get("api"), exchange.hostname))
                testing = set(_hosts(exchange.urls.get("test"), exchange.hostname)) - live
                test |= testing
                for host in live | testing:
                    found[host].add(identity)
    named = {host: _one(host, identities) for host, identities in found.items()}
    return (
        _domains(named, test)
        | {host: f"{name}{TESTNET}" if host in test else name for host, name in named.items()}
        | MORE
    )


def _hosts(urls: Any, hostname: str | None) -> Iterator[str]:
    if isinstance(urls, dict | list):
        for value in urls.values() if isinstance(urls, dict) else urls:
            yield from _hosts(value, hostname)
    elif isinstance(urls, str):
        host = urlsplit(urls.replace("{hostname}", hostname or "")).hostname
        if host and "{" not in host:
            yield host


def _one(host: str, identities: set[str]) -> str:
    """Of exchanges that share a host the one that it is called after, then the one that the others are made of."""
    in_host = [identity for identity in identities if identity in host.replace("-", "").replace(".", "")]
    if in_host:
        return max(in_host, key=len)
    for identity in sorted(identities):
        if all(issubclass(getattr(ccxt, other), getattr(ccxt, identity)) for other in identities):
            return identity
    # What they share is a house of its own, such as Orderly's.
    return _domain(host).partition(".")[0]


def _domain(host: str) -> str:
    labels = host.split(".")
    count = 3 if ".".join(labels[-2:]) in _SHARED else 2
    return ".".join(labels[-count:])


def _domains(named: dict[str, str], test: set[str]) -> dict[str, str]:
    """Domains that are called like an exchange, or whose exchange is called like them: other hosts are its."""
    by_domain: dict[str, set[str]] = defaultdict(set)
    for host, name in named.items():
        if host not in test:
            by_domain[_domain(host)].add(name)
    domains = {}
    for domain, names in by_domain.items():
        own = domain.partition(".")[0]
        alike = [name for name in names if name in own or own in name]
        if own in names or (len(names) == 1 and alike):
            domains[domain] = own if own in names else alike[0]
    return domains
