"""Writes what ccxt's own tables say of the exchanges' error codes to where the SDK reads it: part of `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ccxt

from botobs._sdk.orders._codes import CCXT_TABLES, UNKNOWN


def text() -> str:
    """The file: codes by exchange and class of ccxt."""
    tables: dict[str, Any] = {"ccxt": ccxt.__version__}
    for exchange in UNKNOWN:
        if not hasattr(ccxt, exchange):
            continue
        found: dict[str, set[str]] = {}
        for code, kind in _entries(getattr(ccxt, exchange)().exceptions):
            found.setdefault(kind.__name__, set()).add(code)
        tables[exchange] = {kind: sorted(codes) for kind, codes in sorted(found.items())}
    return json.dumps(tables, indent=0, ensure_ascii=False) + "\n"


def pages() -> dict[Path, str]:
    """Content of the file, by its path."""
    return {Path(str(CCXT_TABLES)): text()}


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, type[Exception]]]:
    for code, kind in table.items():
        if isinstance(kind, Mapping):
            yield from _entries(kind)
        else:
            yield code, kind
