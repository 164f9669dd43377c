"""Writes what ccxt's own tables say of the exchanges' error codes to where the SDK reads it: part of `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ccxt

from botobs._sdk.orders._codes import CCXT_TABLES, UNKNOWN

#: Classes of codes that leave the order's fate open, but for the classes below them that turn a request away unread.
OPEN = (ccxt.RequestTimeout, ccxt.ExchangeNotAvailable, ccxt.BadResponse, ccxt.OperationFailed)
TURNED_AWAY = (ccxt.OnMaintenance, ccxt.RateLimitExceeded, ccxt.DDoSProtection, ccxt.InvalidNonce)


def text() -> str:
    """The file: by exchange and class of ccxt, the codes that say that an order was not taken."""
    tables: dict[str, Any] = {"ccxt": ccxt.__version__}
    for exchange in UNKNOWN:
        if not hasattr(ccxt, exchange):
            continue
        entries = list(_entries(getattr(ccxt, exchange)().exceptions))
        # A code may mean one thing in one market and another in the next.
        left_open = {
            code for code, kind in entries if issubclass(kind, OPEN) and not issubclass(kind, TURNED_AWAY)
        }
        found: dict[str, set[str]] = {}
        for code, kind in entries:
            if code not in left_open and code not in UNKNOWN[exchange]:
                found.setdefault(kind.__name__, set()).add(code)
        tables[exchange] = {kind: sorted(codes) for kind, codes in sorted(found.items())}
    return json.dumps(tables, indent=0, ensure_ascii=False) + "\n"


def pages() -> dict[Path, str]:
    """Content of the file, by its path."""
    return {CCXT_TABLES: text()}


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, type[Exception]]]:
    for code, kind in table.items():
        if isinstance(kind, Mapping):
            yield from _entries(kind)
        else:
            yield code, kind
