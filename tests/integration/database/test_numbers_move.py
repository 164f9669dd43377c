"""What happens in PostgreSQL is seen in Prometheus: each number is made to move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from testbed.stack import LiveStack
from tests.support.waiting import eventually

_HERE = '{datname="postgres"}'


def _url(live: LiveStack) -> str:
    assert live.stack.database is not None
    return live.stack.database.url()


@asynccontextmanager
async def _connections(url: str, count: int) -> AsyncIterator[list[asyncpg.Connection]]:
    opened = [await asyncpg.connect(url) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            await connection.close()


@pytest.fixture(scope="module")
def watched(live: LiveStack) -> Iterator[LiveStack]:
    """The stack, once its exporter has been scraped, with a table to work on."""

    async def prepare() -> None:
        async with _connections(_url(live), 1) as (connection,):
            await connection.execute("CREATE TABLE moved (id int PRIMARY KEY, text text)")
            await connection.execute("INSERT INTO moved VALUES (1, 'a'), (2, 'b')")

    asyncio.run(prepare())
    assert eventually(lambda: live.query("pg_up == 1"), within=60)
    yield live


def _moves(live: LiveStack, promql: str, before: float, by: float = 1) -> None:
    assert eventually(lambda: (live.value(promql) or 0) >= before + by, within=60), (
        promql,
        live.value(promql),
    )


def test_deadlock(watched: LiveStack) -> None:
    metric = f"pg_stat_database_deadlocks{_HERE}"
    before = watched.value(metric) or 0

    async def deadlock() -> list[object]:
        async with _connections(_url(watched), 2) as (one, other):
            await one.execute("BEGIN")
            await other.execute("BEGIN")
            await one.execute("UPDATE moved SET text = 'c' WHERE id = 1")
            await other.execute("UPDATE moved SET text = 'd' WHERE id = 2")
            results: list[object] = await asyncio.gather(
                one.execute("UPDATE moved SET text = 'e' WHERE id = 2"),
                other.execute("UPDATE moved SET text = 'f' WHERE id = 1"),
                return_exceptions=True,
            )
            return results

    results = asyncio.run(deadlock())
    assert any(isinstance(result, asyncpg.DeadlockDetectedError) for result in results)
    _moves(watched, metric, before)


def test_cache_misses(watched: LiveStack) -> None:
    metric = f"pg_stat_database_blks_read{_HERE}"
    before = watched.value(metric) or 0

    async def miss() -> None:
        async with _connections(_url(watched), 1) as (connection,):
            await connection.execute(
                "CREATE TABLE missed AS SELECT repeat('x', 2000) FROM generate_series(1, 4000)"
            )
            await connection.execute("CHECKPOINT")
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_buffercache")
            await connection.execute("SELECT pg_buffercache_evict_relation('missed')")
            await connection.fetch("SELECT count(*) FROM missed")

    asyncio.run(miss())
    _moves(watched, metric, before, by=900)


def test_slow_statement(watched: LiveStack) -> None:
    metric = "sum(pg_stat_statements_seconds_total)"
    before = watched.value(metric) or 0

    async def sleep() -> None:
        async with _connections(_url(watched), 1) as (connection,):
            await connection.execute("SELECT pg_sleep(2)")

    asyncio.run(sleep())
    _moves(watched, metric, before, by=2)


def test_many_connections(watched: LiveStack) -> None:
    metric = 'sum(pg_stat_activity_count{datname="postgres", state="idle"})'
    before = watched.value(metric) or 0

    async def connect() -> None:
        async with _connections(_url(watched), 20):
            await asyncio.to_thread(_moves, watched, metric, before, 19)

    asyncio.run(connect())
    assert eventually(lambda: (watched.value(metric) or 0) < before + 19, within=60)


def test_long_transaction_that_waits_for_a_lock(watched: LiveStack) -> None:
    async def wait() -> None:
        async with _connections(_url(watched), 2) as (one, other):
            await one.execute("BEGIN")
            await one.execute("LOCK TABLE moved IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(other.fetch("SELECT * FROM moved"))
            # The exporter, which asks how large each table is, must not wait for this one.
            await asyncio.to_thread(_moves, watched, 'sum(pg_locks_count{mode="accessexclusivelock"})', 0)
            await asyncio.to_thread(_moves, watched, "max(pg_stat_activity_max_tx_duration)", 0, 2)
            await one.execute("ROLLBACK")
            await waiting

    asyncio.run(wait())


def test_writes_to_disk(watched: LiveStack) -> None:
    written = f"pg_stat_database_tup_inserted{_HERE}"
    blocks, waited = "pg_stat_checkpointer_buffers_written_total", f"pg_stat_database_blk_write_time{_HERE}"
    before = {metric: watched.value(metric) or 0 for metric in (written, blocks)}
    assert watched.value(waited) is not None

    async def write() -> None:
        async with _connections(_url(watched), 1) as (connection,):
            await connection.execute(
                "CREATE TABLE written AS SELECT repeat('x', 500) FROM generate_series(1, 20000)"
            )
            await connection.execute("INSERT INTO written SELECT * FROM written LIMIT 1000")
            await connection.execute("CHECKPOINT")

    asyncio.run(write())
    _moves(watched, written, before[written], by=1000)
    _moves(watched, blocks, before[blocks], by=100)
