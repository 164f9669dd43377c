"""Which exchange a host belongs to, for clients that do not say which exchange they talk to."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from importlib.resources import files

#: Exchanges by the end of hosts' names, from the addresses that ccxt ships; written by `make docs`.
FILE = files(__package__) / "hosts.json"
#: What is added to the name of an exchange where it is its test net.
TESTNET = "-testnet"


def exchange_at(host: str, own: dict[str, str] | None = None) -> str:
    """The exchange that a host belongs to; empty if it is not known, for then it may be none.

    Args:
        host: Its name.
        own: What the user says, by the end of a host's name.
    """
    for table in (own or {}, _table()):
        labels = host.lower().split(".")
        for start in range(len(labels)):
            found = table.get(".".join(labels[start:]))
            if found is not None:
                return found
    return ""


def read_own(entries: Iterable[str]) -> dict[str, str]:
    """The table that the setting `exchange_hosts` gives, `host=exchange` each."""
    pairs = (entry.partition("=") for entry in entries)
    return {host.strip().lower(): name.strip().lower() for host, _, name in pairs if host and name}


@functools.cache
def _table() -> dict[str, str]:
    table: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return table
