"""asyncpg and SQLAlchemy's asyncio on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from tests.support.same.scene import Scene


def _connected(scene: Scene, use: Callable[[Any], Awaitable[Any]]) -> Any:
    import asyncpg

    async def main() -> Any:
        connection = await asyncpg.connect(scene.postgres)
        try:
            return await use(connection)
        finally:
            await connection.close()

    return asyncio.run(main())


async def _attempt(scene: Scene, action: Awaitable[Any]) -> None:
    try:
        scene.note(await action)
    except BaseException as error:
        scene.note(error, getattr(error, "sqlstate", None))


def queries(scene: Scene) -> Any:
    async def use(connection: Any) -> Any:
        await connection.execute("create temporary table t (a int primary key, b numeric, c jsonb)")
        await connection.executemany(
            "insert into t values ($1, $2, $3)", [(1, Decimal("1.5"), "{}"), (2, None, "[]")]
        )
        scene.note([tuple(row) for row in await connection.fetch("select * from t order by a")])
        scene.note(
            await connection.fetchval("select count(*) from t"), await connection.fetchrow("select 1 as a")
        )
        scene.note(await connection.execute("delete from t where a = $1", 1))
        for statement, *values in (
            ("selec",),
            ("insert into t values (2)",),
            ("select $1::int", "x"),
            ("select 1/0",),
            ("select * from nothing",),
            ("select $1",),
            ("select 1", 5),
        ):
            await _attempt(scene, connection.fetch(statement, *values))
        scene.note(connection.is_in_transaction(), connection.is_closed())

    return _connected(scene, use)


def transactions(scene: Scene) -> Any:
    async def use(connection: Any) -> Any:
        await connection.execute("create temporary table t (a int primary key)")
        async with connection.transaction():
            await connection.execute("insert into t values (1)")
            try:
                async with connection.transaction():
                    await connection.execute("insert into t values (1)")
            except Exception as error:
                scene.note(error)
            async for row in connection.cursor("select generate_series(1, 3) as a"):
                scene.note(dict(row))
            cursor = await connection.cursor("select generate_series(1, 9)")
            scene.note(await cursor.fetch(2), await cursor.forward(1), await cursor.fetchrow())
        statement = await connection.prepare("select $1::int + 1 as b")
        scene.note(await statement.fetchval(4), [each.name for each in statement.get_attributes()])
        return await connection.fetchval("select count(*) from t")

    return _connected(scene, use)


def copies_and_notifications(scene: Scene) -> Any:
    async def use(connection: Any) -> Any:
        await connection.execute("create temporary table t (a int, b text)")
        scene.note(await connection.copy_records_to_table("t", records=[(1, "x"), (2, "y")]))
        scene.note(
            await connection.copy_from_query("select * from t order by a", output=str(scene.folder / "t.txt"))
        )
        heard = asyncio.get_running_loop().create_future()
        await connection.add_listener(
            "news", lambda _connection, _pid, _channel, said: heard.set_result(said)
        )
        await connection.execute("notify news, 'hello'")
        return await heard, (scene.folder / "t.txt").read_text()

    return _connected(scene, use)


def cancelled_queries(scene: Scene) -> Any:
    async def use(connection: Any) -> Any:
        try:
            await connection.fetch("select pg_sleep(60)", timeout=0.02)
        except TimeoutError as error:
            scene.note(type(error), str(error))
        task = asyncio.ensure_future(connection.fetch("select pg_sleep(60)"))
        await asyncio.sleep(0.02)
        task.cancel()
        scene.note([type(each) for each in await asyncio.gather(task, return_exceptions=True)])
        await _attempt(scene, asyncio.gather(connection.fetch("select 1"), connection.fetch("select 2")))
        return await connection.fetchval("select 5")

    return _connected(scene, use)


def pools_of_connections(scene: Scene) -> Any:
    import asyncpg

    async def main() -> Any:
        async with asyncpg.create_pool(scene.postgres, min_size=1, max_size=2) as pool:
            async with pool.acquire() as one, pool.acquire() as other:
                scene.note(await one.fetchval("select 1"), await other.fetchval("select 2"), pool.get_size())
                await _attempt(scene, pool.acquire(timeout=0.02))
            scene.note(await pool.fetch("select 3 as a"), pool.get_idle_size(), type(one).__name__)
            await _attempt(scene, asyncio.sleep(0, one.is_closed()))
        await _attempt(scene, pool.fetch("select 1"))

    return asyncio.run(main())


def connections_that_fail(scene: Scene) -> Any:
    import asyncpg

    async def main() -> Any:
        await _attempt(scene, asyncpg.connect(re.sub(r"/\w+$", "/missing", scene.postgres)))
        await _attempt(scene, asyncpg.connect("postgresql://x@127.0.0.1:1/x"))
        connection = await asyncpg.connect(scene.postgres)
        pid = await connection.fetchval("select pg_backend_pid()")
        other = await asyncpg.connect(scene.postgres)
        await other.execute("select pg_terminate_backend($1)", pid)
        await other.close()
        while not connection.is_closed():
            await asyncio.sleep(0.01)
        await _attempt(scene, connection.fetch("select 1"))
        scene.note(connection.is_closed())

    return asyncio.run(main())


def alchemy(scene: Scene) -> Any:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    async def main() -> Any:
        engine = create_async_engine(
            scene.postgres.replace("postgresql", "postgresql+asyncpg"), pool_pre_ping=True
        )
        async with engine.begin() as connection:
            await connection.execute(text("create temporary table t (a int primary key)"))
            scene.note((await connection.execute(text("insert into t values (1), (2)"))).rowcount)
            scene.note([tuple(row) for row in await connection.execute(text("select * from t"))])
            async with connection.begin_nested() as nested:
                await nested.rollback()
        for statement in ("selec", "select 1/0"):
            async with engine.connect() as connection:
                try:
                    await connection.execute(text(statement))
                except Exception as error:
                    scene.note(error, type(error.orig))  # type: ignore[attr-defined]
        async with engine.connect() as connection:
            stream = await connection.stream(text("select generate_series(1, 5)"))
            scene.note([row[0] async for row in stream])
        await engine.dispose()

    return asyncio.run(main())


def hostile_parameters(scene: Scene) -> Any:
    from tests.support.hostile import LyingDict, values

    async def use(connection: Any) -> Any:
        await connection.execute("create temporary table t (a text)")
        calls: tuple[Callable[[Any], Any], ...] = (
            lambda value: connection.fetch("select $1::text", value),
            lambda value: connection.fetch(value),
            lambda value: connection.execute(value),
            lambda value: connection.executemany("insert into t values ($1)", [(value,)]),
            lambda value: connection.executemany("insert into t values ($1)", value),
            lambda value: connection.copy_records_to_table("t", records=[(value,)]),
            lambda value: connection.copy_records_to_table("t", records=value),
            lambda value: connection.copy_from_table(value, output=print),
            lambda value: connection.prepare(value),
            lambda value: connection.fetch("select 1", timeout=value),
        )
        for call in calls:
            for value in values():
                # Lists that hold one another, and what never ends, are read to their end without botobs too.
                if not issubclass(type(value), list | LyingDict | itertools.count):
                    scene.note(type(value).__name__)
                    try:
                        await call(value)
                    except BaseException as error:
                        scene.note(type(error).__name__)
        return await connection.fetchval("select count(*) from t")

    return _connected(scene, use)
