"""Who holds what others wait for is named, without a value of a statement."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from testbed.stack import LiveStack
from tests.support.waiting import eventually_async

_CANARY = "7315550199"
#: What the holder of the lock does, and what is told of it.
_HOLDERS = {
    "a statement with values": (
        f"UPDATE held SET note = '{_CANARY}' WHERE id = 1",
        "UPDATE held SET note = $1 WHERE id = $2",
    ),
    "a lock": ("LOCK TABLE held IN ACCESS EXCLUSIVE MODE", "LOCK TABLE held IN ACCESS EXCLUSIVE MODE"),
    "a command with a literal": (f"LOCK TABLE held; COMMENT ON TABLE held IS '{_CANARY}'", "LOCK"),
    "comments": (
        f"UPDATE held /* 'a' */ SET id = id + 1 /* {_CANARY} /* nested */ */ -- {_CANARY}",
        "UPDATE",
    ),
    "a comment": (f"/* 'a' */ UPDATE held /* token={_CANARY} */ SET id = 1", "UPDATE held SET id = $1"),
}


@asynccontextmanager
async def _session(live: LiveStack, name: str) -> AsyncIterator[asyncpg.Connection]:
    assert live.stack.database is not None
    connection = await asyncpg.connect(live.stack.database.url(), server_settings={"application_name": name})
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.asyncio
async def test_callers_that_give_up_do_not_hide_a_lock(live: LiveStack) -> None:
    over = asyncio.Event()

    async def tries(session: asyncpg.Connection) -> None:
        while not over.is_set():
            with contextlib.suppress(asyncpg.LockNotAvailableError):
                await session.execute("SELECT count(*) FROM kept")

    async with _session(live, "holder") as holder, _session(live, "caller") as caller:
        await holder.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        await caller.execute("SET lock_timeout = '500ms'")
        await holder.execute("BEGIN; LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        trying = asyncio.create_task(tries(caller))
        # Nobody waits for longer than half a second.
        held = 'pg_blocking_seconds{application_name="holder"} > 2'
        await eventually_async(lambda: live.query(held), within=300)
        over.set()
        await trying
        await holder.execute("ROLLBACK")


@pytest.mark.asyncio
@pytest.mark.parametrize("what", _HOLDERS)
async def test_the_head_of_the_queue_is_named(live: LiveStack, what: str) -> None:
    statement, reported = _HOLDERS[what]
    async with (
        _session(live, "holder") as holder,
        _session(live, "middle") as middle,
        _session(live, "last") as last,
    ):
        await holder.execute("CREATE TABLE IF NOT EXISTS held (id int PRIMARY KEY, note text)")
        await holder.execute("CREATE TABLE IF NOT EXISTS other (id int)")
        await holder.execute("INSERT INTO held VALUES (1, '') ON CONFLICT DO NOTHING")
        await holder.execute("BEGIN")
        await holder.execute(statement)
        await middle.execute("BEGIN")
        await middle.execute("LOCK TABLE other")
        waiting = [
            asyncio.create_task(middle.execute("UPDATE held SET note = 'a' WHERE id = 1")),
            # It waits for the one that waits.
            asyncio.create_task(last.execute("SELECT count(*) FROM other")),
        ]

        def named() -> list[dict[str, str]]:
            found = live.query('pg_blocking_sessions{datname="postgres"} == 2')
            return [each["metric"] for each in found]

        # A look at another moment may find them on their way.
        metric = (await eventually_async(named))[0]
        assert (metric["application_name"], metric["state"]) == ("holder", "idle in transaction")
        assert metric["statement"] == reported
        assert _CANARY not in str(live.query('{__name__=~"pg_.*"}'))
        assert len(live.query('pg_blocking_seconds{datname="postgres"} > 0')) == 1
        await holder.execute("ROLLBACK")
        await waiting[0]
        await middle.execute("ROLLBACK")
        await waiting[1]
        await eventually_async(lambda: not live.query("pg_blocking_sessions"))
