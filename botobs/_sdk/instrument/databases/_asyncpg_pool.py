"""What asyncpg's pools do: how full they are, who waits, for how long connections are out."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ._asyncpg_target import target_of
from ._pool import Levels, PoolMetrics


def watch_pools(module: ModuleType, patches: Patches, pools: PoolMetrics, owner: object) -> None:
    """Patch the pool's class and its holders of connections; pools made earlier join at their next use.

    Args:
        module: `asyncpg.pool`.
        patches: Takes the patches back.
        pools: Where the figures go.
        owner: On whose behalf pools are registered.
    """

    def register(pool: Any) -> None:
        pools.register(pool, pool_name, levels, owner)

    async def initialize(wrapped: Callable[..., Any], pool: Any, args: Any, kwargs: Any) -> Any:
        register(pool)
        return await wrapped(*args, **kwargs)

    async def open_connection(wrapped: Callable[..., Any], pool: Any, args: Any, kwargs: Any) -> Any:
        started = time.perf_counter()
        connection = await wrapped(*args, **kwargs)
        pools.created(pool, time.perf_counter() - started)
        return connection

    async def acquire(wrapped: Callable[..., Any], pool: Any, args: Any, kwargs: Any) -> Any:
        register(pool)
        with pools.waiting(pool):
            return await wrapped(*args, **kwargs)

    async def take(wrapped: Callable[..., Any], holder: Any, args: Any, kwargs: Any) -> Any:
        connection = await wrapped(*args, **kwargs)
        measure_use(holder)
        return connection

    @never_raise("asyncpg")
    def measure_use(holder: Any) -> None:
        taken = time.perf_counter()
        # Done when the holder is free again, whether it was released, closed or lost its server.
        holder._in_use.add_done_callback(lambda _: pools.used(holder._pool, time.perf_counter() - taken))

    patches.wrap(module.Pool, "_initialize", initialize)
    patches.wrap(module.Pool, "_get_new_connection", open_connection)
    patches.wrap(module.Pool, "_acquire", acquire)
    patches.wrap(module.PoolConnectionHolder, "acquire", take)


def levels(pool: Any) -> Levels | None:
    """What `pool` says of itself; `None` when it is closed, or its loop is, which an abandoned pool outlives."""
    if pool._closed or pool._loop.is_closed():
        return None
    size, idle = pool.get_size(), pool.get_idle_size()
    maximum = pool.get_max_size()
    return Levels(
        used=size - idle, idle=idle, idle_min=pool.get_min_size(), idle_max=maximum, maximum=maximum
    )


def pool_name(pool: Any) -> str:
    """`host:port/database` from the pool's connections, else from its arguments; never user or password."""
    for holder in pool._holders:
        if holder._con is not None:
            return target_of(holder._con).pool_name
    keywords = pool._connect_kwargs
    dsn = keywords.get("dsn") or (pool._connect_args[0] if pool._connect_args else None)
    parts = urlsplit(dsn) if isinstance(dsn, str) else urlsplit("")
    host = keywords.get("host") or parts.hostname or ""
    port = keywords.get("port") or parts.port or 5432
    database = keywords.get("database") or parts.path.lstrip("/")
    return f"{host}:{port}/{database}"
