"""What the code of clients' objects says: which errors they know, and whether they send as they were written to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ... import orders

#: Through what ccxt's requests go, and python-binance's.
_SENDING = ("request", "fetch2", "fetch", "_request")
#: Through what the sessions of HTTP libraries send.
_SESSION = ("request", "_request", "send", "urlopen", "get", "post", "put", "patch", "delete")


def sends_as_written(client: Callable[[], Any]) -> bool:
    """Whether the client's requests go through the functions that are watched, none of them replaced by the user."""
    found = client()
    # ccxt makes a method of each endpoint, in a class of their own.
    endpoints = [
        name
        for cls in type(found).__mro__
        if cls.__module__.startswith("ccxt.abstract.")
        for name in vars(cls)
    ]
    return _are_of(found, (*_SENDING, *endpoints), ("ccxt", "binance"))


def sends_by(library: str, session: Any, client: str = "") -> bool:
    """Whether what is sent is seen: by an HTTP library that is watched, and a session of its own, as it was written.

    Args:
        library: What the client sends with.
        session: What holds its connections; None where the client has none, or it is not known.
        client: The client's own library, whose objects may be such sessions.
    """
    if library not in orders.seen_libraries or session is None:
        return library in orders.seen_libraries
    return is_session(library, session) and _are_of(session, _SESSION, (library, client))


def is_session(library: str, found: Any) -> bool:
    """Whether an object is of a class of an HTTP library, or of one that derives from it."""
    return any(cls.__module__.partition(".")[0] == library for cls in type(found).__mro__)


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


def _are_of(holder: Any, names: Iterable[str], libraries: Collection[str]) -> bool:
    """Whether the functions of an object, as far as it has them, are those of libraries."""
    found = (getattr(holder, name, None) for name in names if not name.startswith("__"))
    modules = (str(getattr(each, "__module__", "")) for each in found if each is not None)
    return all(module.partition(".")[0] in libraries for module in modules)
