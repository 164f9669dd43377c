"""What the code of ccxt's and python-binance's objects says: which errors they know, and whether it is still theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Through what ccxt's requests go, and python-binance's over its WebSocket API.
_SENDING = ("request", "fetch2", "fetch")


def sends_as_written(client: Callable[[], Any]) -> bool:
    """Whether the client's requests go through the functions that are watched, none of them replaced by the user."""
    found = (getattr(client(), name, None) for name in _SENDING)
    modules = (str(getattr(each, "__module__", "")) for each in found if each is not None)
    return all(module.partition(".")[0] in ("ccxt", "binance") for module in modules)


def is_listed(client: Callable[[], Any], code: str) -> bool:
    """Whether the client's own table of the exchange's errors has a code, as ccxt's objects carry one."""
    pending = [getattr(client(), "exceptions", None)]
    while pending:
        table = pending.pop()
        if isinstance(table, Mapping):
            if code in table and not isinstance(table[code], Mapping):
                return True
            pending += [value for value in table.values() if isinstance(value, Mapping)]
    return False
