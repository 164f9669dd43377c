"""A load whose every number is known from elsewhere than from what is measured."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import asyncpg
import httpx

from botobs._demo.services import Load
from botobs.semconv.exchange import OPERATION_DURATION
from testbed.stack import LiveStack
from tests.support.waiting import eventually

#: Seconds that the simulator is told to take longer, and the turns that are taken meanwhile.
SLOW, SLOW_TURNS = 0.3, 12
_EXCHANGES = ("binance", "okx")
_CALLS = (
    f'{OPERATION_DURATION.prometheus_name}_count{{exchange_name="binance",exchange_operation="create_order"}}'
)


@dataclass
class Truth:
    """What happened, as the exchange, the database and the caller know it.

    Attributes:
        began: When, in seconds since the epoch.
        outcomes: Of the turns, as the trading engine answered them.
        exchanges: What the simulator counted, by exchange.
        database: Numbers from tables and from PostgreSQL's statement statistics.
        slow_turns: Seconds that each turn of the slow exchange took for the caller.
    """

    began: float
    outcomes: Counter[str]
    exchanges: dict[str, Any]
    database: dict[str, int]
    slow_turns: list[float]

    @property
    def seconds(self) -> float:
        """A time range that holds all of it."""
        return time.time() - self.began + 30

    def orders(self, kind: str) -> int:
        """The simulator's count of orders of all exchanges."""
        return sum(exchange["orders"][kind] for exchange in self.exchanges.values())

    def sockets(self, kind: str) -> int:
        """The simulator's count of WebSockets of all exchanges."""
        return sum(exchange["websocket"][kind] for exchange in self.exchanges.values())


class Script:
    """Drives the demo through its HTTP APIs."""

    def __init__(self, live: LiveStack) -> None:
        self.live = live
        self.engine = httpx.Client(
            base_url=live.stack.addresses["trading-engine"], trust_env=False, timeout=60
        )
        self.simulator = httpx.Client(
            base_url=live.stack.addresses["exchange-simulator"], trust_env=False, timeout=60
        )
        self.outcomes: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()
        self.simulator.close()

    def turn(self, bot: int, exchange: str) -> float:
        """Take a turn for a bot of the script; returns the seconds that it took."""
        body = {"name": f"script-{bot}", "exchange": exchange, "symbol": "BTC/USDT", "order_notional": "20"}
        began = time.perf_counter()
        response = self.engine.post(f"/bots/{1000 + bot}/turn", json=body)
        took = time.perf_counter() - began
        self.outcomes[response.json()["outcome"]] += 1
        return took

    def turns(self, count: int, exchange: str) -> list[float]:
        """Take turns one after the other, each for another bot."""
        return [self.turn(bot, exchange) for bot in range(count)]

    def fault(self, name: str, exchange: str, **settings: float) -> None:
        """Turn a fault of the simulator on."""
        body = {"fault": name, "exchange": exchange, **settings}
        self.simulator.post("/control/faults", json=body).raise_for_status()

    def heal(self) -> None:
        """Turn all faults off."""
        self.simulator.delete("/control/faults").raise_for_status()

    def counts(self) -> dict[str, Any]:
        """What the simulator has counted."""
        return dict(self.simulator.get("/control/counts").raise_for_status().json())

    def connected(self) -> bool:
        """Both exchanges' books are fresh: a turn finds a market."""
        before = self.outcomes["no_market_data"]
        for exchange in _EXCHANGES:
            self.turn(0, exchange)
        return self.outcomes["no_market_data"] == before


@contextmanager
def scripted_load() -> Iterator[tuple[LiveStack, Truth]]:
    """The stack after the load, which has come to rest, and the truth about it."""
    began = time.time()
    # The one bot of the demo takes a turn at its start, and the next long after.
    with LiveStack(demo=Load(bots=1, rate=0.0005)) as live, Script(live) as script:
        slow = _play(live, script)
        # Closing is the engine's own doing, and no fault: the exchanges are asked before.
        exchanges = script.counts()
        yield live, Truth(began, script.outcomes, exchanges, _settled(live), slow)


def _play(live: LiveStack, script: Script) -> list[float]:
    assert eventually(script.connected)
    for exchange in _EXCHANGES:
        script.turns(10, exchange)
    script.fault("reject_orders", "okx")
    script.turns(7, "okx")
    script.heal()
    # A rate sees what comes after the first export.
    assert eventually(lambda: live.query(_CALLS))
    script.fault("latency", "binance", value=SLOW)
    slow = script.turns(SLOW_TURNS, "binance")
    script.heal()
    opened = script.counts()["okx"]["websocket"]["opened"]
    script.fault("drop", "okx", seconds=0.5)
    assert eventually(lambda: script.counts()["okx"]["websocket"]["opened"] > opened)
    assert eventually(script.connected)
    _exhaust_the_pool(live, script)
    return slow


def _exhaust_the_pool(live: LiveStack, script: Script) -> None:
    """Take more turns at once than the engine has connections, while the table that each reads first is locked."""

    async def lock(held: asyncio.Event, release: asyncio.Event) -> None:
        connection = await asyncpg.connect(_url(live, "trading"))
        async with connection.transaction():
            await connection.execute("LOCK TABLE positions IN ACCESS EXCLUSIVE MODE")
            held.set()
            await release.wait()
        await connection.close()

    async def play() -> None:
        held, release = asyncio.Event(), asyncio.Event()
        locking = asyncio.create_task(lock(held, release))
        await held.wait()
        with ThreadPoolExecutor(14) as threads:
            loop = asyncio.get_running_loop()
            turns = [loop.run_in_executor(threads, script.turn, bot, "okx") for bot in range(14)]
            watching = await asyncpg.connect(_url(live, "trading"))
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'demo'"
            )
            while await watching.fetchval(waiting) < 8:
                await asyncio.sleep(0.02)
            await watching.close()
            release.set()
            await asyncio.gather(*turns)
        await locking

    asyncio.run(play())


def _settled(live: LiveStack) -> dict[str, int]:
    """Numbers of the database, once no order is open any more and the engine has ended."""

    async def number(statement: str, database: str = "trading") -> int:
        connection = await asyncpg.connect(_url(live, database))
        value = await connection.fetchval(statement)
        await connection.close()
        return int(value)

    def orders(status: str) -> int:
        return asyncio.run(number(f"SELECT count(*) FROM orders WHERE status IN ({status})"))

    def calls(statement: str) -> int:
        select = f"SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ILIKE '{statement}%'"
        return asyncio.run(number(select, "postgres"))

    assert eventually(lambda: orders("'submitting', 'open', 'unknown'") == 0)
    live.call(live.supervisor.hold("bot-manager"))
    live.call(live.supervisor.hold("trading-engine"))
    return {
        "closed": orders("'closed'"),
        "canceled": orders("'canceled'"),
        "rejected": orders("'rejected'"),
        "inserts": calls("INSERT INTO orders"),
        "releases": calls("SELECT pg_advisory_unlock_all"),
    }


def _url(live: LiveStack, database: str) -> str:
    assert live.stack.database is not None
    return live.stack.database.url("postgres", database)
