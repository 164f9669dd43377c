"""The three services together, in one process, on a real PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import web

from botobs._demo.bot_manager.app import create_app as create_bot_manager
from botobs._demo.bot_manager.config import Config as ManagerConfig
from botobs._demo.database import apply_schema
from botobs._demo.trading_engine.app import create_app as create_trading_engine
from botobs._demo.trading_engine.config import Config as EngineConfig
from tests.support.postgres import Postgres, postgres_server
from tests.support.simulator import Simulator
from tests.support.waiting import eventually_async

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

BOTS = 6


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest_asyncio.fixture
async def database(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """The application database, empty."""
    await apply_schema(postgres.url)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("TRUNCATE bots, bot_events, orders, fills, positions RESTART IDENTITY")
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def services(
    simulator: Simulator, postgres: Postgres, database: asyncpg.Connection
) -> AsyncIterator[AsyncExitStack]:
    """Trading engine and bot manager, which stops first."""
    del database
    async with AsyncExitStack() as stack:
        engine = await serve(
            stack, create_trading_engine(EngineConfig(postgres.url, simulator.url, order_lifetime=1))
        )
        await serve(stack, create_bot_manager(ManagerConfig(postgres.url, engine, bots=BOTS, rate=30)))
        yield stack


async def serve(stack: AsyncExitStack, app: web.Application) -> str:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def wait_for(database: asyncpg.Connection, condition: str, *values: Any) -> None:
    """Wait until a condition of SQL holds."""
    await eventually_async(lambda: database.fetchval(f"SELECT {condition}", *values))


ORDERS = "(SELECT count(*) FROM orders WHERE status = $1) >= $2"


async def test_the_services_trade_and_agree_with_the_exchange(
    simulator: Simulator,
    services: AsyncExitStack,
    database: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await wait_for(database, ORDERS, "closed", 40)
    async with services:
        pass
    assert await database.fetchval("SELECT array_agg(DISTINCT state) FROM bots") == ["stopped"]
    counts = [await simulator.counts(name) for name in simulator.exchanges]
    placed, fills = await database.fetchrow(
        "SELECT (SELECT count(*) FROM orders), (SELECT sum(filled) FROM orders)"
    )
    assert placed == sum(each["orders"]["received"] for each in counts)
    assert await database.fetchval("SELECT sum(amount) FROM fills") == fills
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_orders_that_nobody_takes_are_cancelled(
    simulator: Simulator, services: AsyncExitStack, database: asyncpg.Connection
) -> None:
    del services
    await wait_for(database, ORDERS, "canceled", 1)
    filled = await database.fetchval("SELECT min(amount - filled) FROM orders WHERE status = 'canceled'")
    assert filled > Decimal(0)
    assert sum(exchange.counts.cancels for exchange in simulator.exchanges.values()) >= 1


async def test_an_order_whose_answer_is_lost_is_asked_after(
    simulator: Simulator, services: AsyncExitStack, database: asyncpg.Connection
) -> None:
    del services
    await wait_for(database, ORDERS, "closed", 5)
    await simulator.fault("server_error", share=0.5)
    unknown = (
        "(SELECT count(*) FROM bot_events WHERE kind = 'failed' AND detail LIKE 'exchange_unavailable%') > 2"
    )
    await wait_for(database, unknown)
    for exchange in simulator.exchanges.values():
        exchange.faults.clear()
    await wait_for(database, "(SELECT count(*) FROM orders WHERE reason = 'not known to the exchange') > 2")


async def test_trading_goes_on_after_the_streams_are_cut_off(
    simulator: Simulator, services: AsyncExitStack, database: asyncpg.Connection
) -> None:
    del services
    await wait_for(database, ORDERS, "closed", 5)
    opened = {name: exchange.counts.opened for name, exchange in simulator.exchanges.items()}
    await simulator.fault("drop", seconds=0.2)

    def connected_again() -> bool:
        return all(
            exchange.counts.opened >= 2 * opened[name] for name, exchange in simulator.exchanges.items()
        )

    await eventually_async(connected_again)
    placed = await database.fetchval("SELECT count(*) FROM orders")
    await wait_for(database, "(SELECT count(*) FROM orders) >= $1", placed + 10)
