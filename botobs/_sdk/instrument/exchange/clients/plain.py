"""Helpers of client descriptions: responses as plain values, paths without ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Why gaps cannot be seen of some libraries.
UNDECODED = (
    "the library hands on the text of messages undecoded; `trading.feed` counts what your own handler tells"
)

#: Why there is nothing to see of orders over a WebSocket.
NO_SOCKET_ORDERS = "the library sends no orders over WebSockets"

#: Parts of a path that name one of many: numbers, UUIDs, and what is as long as an order's id.
_ID = re.compile(r"^(?=.*\d)[0-9A-Za-z_-]{8,}$|^\d+$")


def plain(value: Any) -> Mapping[str, Any]:
    """A mapping, or an object of a client library as one; empty for anything else."""
    if isinstance(value, Mapping):
        return value
    for name in ("to_dict", "model_dump", "dict"):
        if hasattr(type(value), name):
            made = getattr(value, name)()
            return made if isinstance(made, Mapping) else {}
    return {}


def without_ids(path: str) -> str:
    """A path with `{id}` in the place of what names one of many, and without a query."""
    parts = path.partition("?")[0].split("/")
    return "/".join("{id}" if _ID.match(part) else part for part in parts)


def number(value: Any) -> float:
    """A number that may come as text; 0 for anything else."""
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0
