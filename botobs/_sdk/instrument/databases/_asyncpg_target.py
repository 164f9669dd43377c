"""Which database an asyncpg connection leads to."""

from __future__ import annotations

from typing import Any

from ._database import Target

_SYSTEM = "postgresql"


def target_of(connection: Any) -> Target:
    """The database of an open `asyncpg.Connection`, without the user."""
    return target_at(connection._addr, connection._params.database)


def target_at(address: Any, database: str | None) -> Target:
    """The database at an address.

    Args:
        address: As asyncpg keeps it: (host, port), or the path of a Unix socket.
        database: Its name.
    """
    if isinstance(address, tuple):
        return Target(_SYSTEM, database, address[0], address[1])
    return Target(_SYSTEM, database, address)
