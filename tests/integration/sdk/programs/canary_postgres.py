"""Secrets in statements, values, errors and addresses of asyncpg, by itself and below SQLAlchemy."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable
from contextlib import suppress

import asyncpg
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

import botobs
from tests.integration.sdk.programs.canary import KEY, SHORT, begin


async def attempt(call: Awaitable[object]) -> None:
    with botobs.span("storing"):
        await call


async def main() -> None:
    url = os.environ["POSTGRES_URL"]
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with pool.acquire() as connection, engine.connect() as session:
        await connection.execute("CREATE TEMPORARY TABLE keys (name TEXT UNIQUE, secret TEXT)")
        await connection.execute(f"INSERT INTO keys VALUES ('{SHORT}', $$ {KEY} $$) /* {KEY} */")
        await connection.executemany("INSERT INTO keys VALUES ($1, $2)", [(KEY, SHORT)])
        await session.execute(sqlalchemy.text("SELECT :secret AS secret"), {"secret": KEY})
        for call in (
            connection.execute(f"INSERT INTO keys VALUES ('{SHORT}', NULL)"),
            connection.fetch("INSERT INTO keys VALUES ($1, NULL)", KEY),
            connection.execute(f"SELECT '{KEY}' FROM missing"),
            session.execute(sqlalchemy.text(f"SELECT * FROM missing WHERE secret = '{SHORT}'")),
        ):
            try:
                await attempt(call)
            except (asyncpg.PostgresError, sqlalchemy.exc.SQLAlchemyError):
                logging.exception("password=%s", SHORT)
    await engine.dispose()
    await pool.close()
    with suppress(OSError):
        await attempt(asyncpg.connect(f"postgresql://trader:{SHORT}@127.0.0.1:1/db?passfile={SHORT}"))


begin()
asyncio.run(main())
