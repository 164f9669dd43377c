"""How full SQLAlchemy's pools are, for each class that has the figures, and for how long connections are out."""

from __future__ import annotations

import time
import weakref
from typing import Any

from ._guard import guarded
from ._pool import Levels, PoolMetrics

_CHECKED_OUT = "botobs.checked_out"

# Records that are checked out, by pool: for the classes that do not count them.
_OUT: weakref.WeakKeyDictionary[Any, weakref.WeakSet[Any]] = weakref.WeakKeyDictionary()


class Checkouts:
    """Follows connections out of the pools and back."""

    def __init__(self, pools: PoolMetrics) -> None:
        self._pools = pools
        # SQLAlchemy finds a listener again by its identity.
        self.checkout = guarded("sqlalchemy")(self._checkout)
        self.checkin = guarded("sqlalchemy")(self._checkin)

    def _checkout(self, _connection: Any, record: Any, fairy: Any) -> None:
        """A connection leaves its pool."""
        record.record_info[_CHECKED_OUT] = time.perf_counter()
        _OUT.setdefault(fairy._pool, weakref.WeakSet()).add(record)

    def _checkin(self, _connection: Any, record: Any) -> None:
        """A connection is back, in order or broken."""
        pool = record._ConnectionRecord__pool
        out = _OUT.get(pool)
        if out is not None:
            out.discard(record)
        since = record.record_info.pop(_CHECKED_OUT, None)
        if since is not None:
            self._pools.used(pool, time.perf_counter() - since)


def levels(pool: Any) -> Levels | None:
    """What `pool` says of itself, by the methods that its class has."""
    if hasattr(pool, "checkedin") and hasattr(pool, "checkedout"):
        return _queue_levels(pool)
    used = len(_OUT.get(pool, ()))
    if hasattr(pool, "_all_conns"):
        opened = len(pool._all_conns)
        return Levels(used, max(opened - used, 0), idle_min=0, idle_max=pool.size, maximum=pool.size)
    if type(pool).__name__ in ("StaticPool", "AssertionPool"):
        opened = int(_has_connection(pool))
        return Levels(used, max(opened - used, 0), idle_min=0, idle_max=1, maximum=1)
    return Levels(used, 0, idle_min=0, idle_max=0 if type(pool).__name__ == "NullPool" else None)


def _queue_levels(pool: Any) -> Levels:
    size = pool.size()
    overflow = pool._max_overflow
    # Size 0 means no limit, as does an overflow of -1. Before its first use a pool counts fewer than none.
    return Levels(
        used=max(pool.checkedout(), 0),
        idle=pool.checkedin(),
        idle_min=0,
        idle_max=size or None,
        maximum=size + overflow if size and overflow >= 0 else None,
    )


def _has_connection(pool: Any) -> bool:
    # StaticPool memoizes its one record under `connection`, AssertionPool keeps it in `_conn`.
    return vars(pool).get("connection") is not None or getattr(pool, "_conn", None) is not None
