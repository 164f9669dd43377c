"""How full SQLAlchemy's pools are, for each class that has the figures, and for how long connections are out."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from ...patching.guard import never_raise
from ._pool import Levels, PoolMetrics

_CHECKED_OUT = "botobs.checked_out"

# Records that are checked out, by pool: for the classes that do not count them.
_OUT: weakref.WeakKeyDictionary[Any, weakref.WeakSet[Any]] = weakref.WeakKeyDictionary()


class Checkouts:
    """Measures how long connections are out of their pools."""

    def __init__(self, pools: PoolMetrics) -> None:
        self._pools = pools
        # SQLAlchemy finds a listener again by its identity.
        self.checkout = never_raise("sqlalchemy")(self._checkout)
        self.checkin = never_raise("sqlalchemy")(self._checkin)

    def _checkout(self, _connection: Any, record: Any, fairy: Any) -> None:
        """Note that a connection leaves its pool."""
        record.record_info[_CHECKED_OUT] = time.perf_counter()
        _OUT.setdefault(fairy._pool, weakref.WeakSet()).add(record)

    def _checkin(self, _connection: Any, record: Any) -> None:
        """A connection is back, in order or broken, or its holder keeps it for good."""
        pool = record._ConnectionRecord__pool
        out = _OUT.get(pool)
        if out is not None:
            out.discard(record)
        since = record.record_info.pop(_CHECKED_OUT, None)
        if since is not None:
            self._pools.used(pool, time.perf_counter() - since)


def levels(pool: Any) -> Levels | None:
    """What `pool` says of itself, by what its class keeps."""
    if hasattr(pool, "checkedin") and hasattr(pool, "checkedout"):
        return _queue_levels(pool)
    used = len(_OUT.get(pool, ()))
    limit = _LIMITS.get(type(pool).__name__, lambda _: None)(pool)
    idle = max(_opened(_records(pool)) - used, 0)
    return Levels(used, idle, idle_min=0, idle_max=limit, maximum=limit or None)


def _queue_levels(pool: Any) -> Levels:
    size = pool.size()
    overflow = pool._max_overflow
    # Size 0 means no limit, as does an overflow of -1. A pool that is being emptied may count fewer than none.
    return Levels(
        used=max(pool.checkedout(), 0),
        idle=_opened(_waiting(pool)),
        idle_min=0,
        idle_max=size or None,
        maximum=size + overflow if size and overflow >= 0 else None,
    )


#: How many connections the classes without a queue keep.
_LIMITS: dict[str, Callable[[Any], int | None]] = {
    "SingletonThreadPool": lambda pool: int(pool.size),
    "StaticPool": lambda _: 1,
    "AssertionPool": lambda _: 1,
    "NullPool": lambda _: 0,
}


def _opened(records: Iterable[Any]) -> int:
    # A record without a connection is a place in the pool whose connection was lost.
    return sum(record.dbapi_connection is not None for record in records)


def _waiting(pool: Any) -> Iterable[Any]:
    """The records in the queue: of a sync pool in `queue`, of an async one in asyncio's, made at its first use."""
    fields = vars(pool._pool)
    records = fields.get("queue")
    if records is None and "_queue" in fields:
        records = fields["_queue"]._queue
    return tuple(records or ())


def _records(pool: Any) -> Iterable[Any]:
    """SingletonThreadPool has a set of them, StaticPool and AssertionPool have one or none yet."""
    fields = vars(pool)
    if "_all_conns" in fields:
        return tuple(fields["_all_conns"])
    record = fields.get("connection") or fields.get("_conn")
    return (record,) if record is not None else ()
