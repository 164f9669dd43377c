"""A platform in small: a request is counted in Redis, stored in PostgreSQL, and handled by two tasks of Celery.

`uvicorn shop:web` serves it, `celery -A shop worker` works.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import botobs

botobs.init()

import psycopg  # noqa: E402 - a program that turns botobs on first
import redis.asyncio  # noqa: E402
from celery import Celery  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from psycopg_pool import AsyncConnectionPool  # noqa: E402

DATABASE = os.environ["DATABASE"]
app = Celery("shop", broker=os.environ["BROKER"])
pool = AsyncConnectionPool(DATABASE, open=False)
cache = redis.asyncio.from_url(os.environ["BROKER"])


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Create the table, and open the pool as long as the server runs."""
    with psycopg.connect(DATABASE) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS orders (id int, state text)")
    async with pool:
        yield
    await cache.aclose()


web = FastAPI(lifespan=lifespan)


@web.post("/orders/{number}")
async def take(number: int) -> dict[str, int]:
    """Take an order."""
    await cache.incr("orders")
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO orders VALUES (%s, 'secret-state')", [number])
    work.delay(number)
    return {"number": number}


@app.task(name="work")  # type: ignore[untyped-decorator]
def work(number: int) -> None:
    """Look at the order, and have somebody told."""
    with psycopg.connect(DATABASE) as connection:
        connection.execute("SELECT state FROM orders WHERE id = %s", [number])
    tell.delay(number)


@app.task(name="tell")  # type: ignore[untyped-decorator]
def tell(number: int) -> None:
    """The last consumer."""
    with botobs.span("reported"):
        del number
