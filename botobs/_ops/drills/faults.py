"""What drills break. Every fault is a lease: it ends by itself when the drill is killed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import asyncpg
import httpx

from .beside import beside
from .target import Target

#: Breaks a stack for the length of a block, and for as many seconds at most.
Fault = Callable[[Target, float], AbstractContextManager[None]]

#: Database of the demo.
_DATABASE = "trading"


def taken(part: str, how: str) -> Fault:
    """A part is taken away: `hold` stops it in good order, `crash` kills it, `freeze` stops its threads."""

    @contextmanager
    def fault(target: Target, seconds: float) -> Iterator[None]:
        target.control(how, part, seconds)
        try:
            yield
        finally:
            target.control("release", part)

    return fault


def exchange(name: str, fault_name: str, value: float | None = None, share: float | None = None) -> Fault:
    """The exchange simulator misbehaves as one exchange."""

    @contextmanager
    def fault(target: Target, seconds: float) -> Iterator[None]:
        body = {"exchange": name, "fault": fault_name, "seconds": seconds, "value": value, "share": share}
        simulator = target.http("exchange-simulator")
        simulator.post("/control/faults", json=body).raise_for_status()
        try:
            yield
        finally:
            simulator.delete("/control/faults", params={"exchange": name, "fault": fault_name})

    return fault


def both(one: Fault, other: Fault) -> Fault:
    """Combine two faults that begin at the same time."""

    @contextmanager
    def fault(target: Target, seconds: float) -> Iterator[None]:
        with one(target, seconds), other(target, seconds):
            yield

    return fault


def locked(table: str, held: float | None = None, free: float = 0.0) -> Fault:
    """A table of the demo is locked by a transaction of ours: for good, or `held` seconds on and `free` seconds off.

    The server ends the transaction when our connection does, and by itself after the lease.
    """

    @contextmanager
    def fault(target: Target, seconds: float) -> Iterator[None]:
        url = target.database_url(_DATABASE)
        with beside(lambda over: asyncio.run(_lock(url, table, seconds, held, free, over))):
            yield

    return fault


async def _lock(
    url: str, table: str, seconds: float, held: float | None, free: float, over: threading.Event
) -> None:
    end = time.monotonic() + seconds
    async with _session(url, seconds) as connection:
        while time.monotonic() < end and not over.is_set():
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                await _until(over, end if held is None else time.monotonic() + held)
            await asyncio.sleep(free)


@contextlib.asynccontextmanager
async def _session(url: str, seconds: float) -> AsyncIterator[asyncpg.Connection]:
    settings = {
        "idle_in_transaction_session_timeout": f"{seconds + 5:.0f}s",
        "application_name": "botobs drill",
    }
    connection = await asyncpg.connect(url, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close()


async def _until(over: threading.Event, end: float) -> None:
    await asyncio.to_thread(over.wait, max(0.0, end - time.monotonic()))


@contextmanager
def crashing_bot(target: Target, seconds: float) -> Iterator[None]:
    """A bot is created on an exchange that does not exist, and falls at every start; it is stopped by its end."""
    manager = target.http("bot-manager")
    bot = {
        "name": f"drill-{uuid.uuid4().hex[:6]}",
        "exchange": "nowhere",
        "symbol": "BTC/USDT",
        "order_notional": "10",
        "lifetime": seconds,
    }
    response = manager.post("/bots", json=bot)
    response.raise_for_status()
    try:
        yield
    finally:
        manager.post(f"/bots/{response.json()['id']}/stop")


#: Seconds that a service lives before it is killed again: one export of metrics, and a little.
ALIVE = 12.0


def crash_loop(part: str) -> Fault:
    """A service is killed as often as it comes back, each time after it has given a sign of life."""

    @contextmanager
    def fault(target: Target, seconds: float) -> Iterator[None]:
        def kill(over: threading.Event) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end and not over.is_set():
                target.control("kill", part)
                _wait_for(lambda: _answers(target, part), over, end)
                over.wait(ALIVE)

        with beside(kill):
            yield

    return fault


@contextmanager
def dying_with_orders(target: Target, seconds: float) -> Iterator[None]:
    """The trading engine is killed, and kept dead, while it has reported orders on their way to Binance."""
    end = time.monotonic() + seconds
    in_flight = 'sum(botobs_orders_in_flight{service_name="trading-engine",exchange_name="binance"}) > 0'
    with exchange("binance", "latency", value=8)(target, seconds):
        _wait_for(lambda: bool(target.query(in_flight)), threading.Event(), end)
        with taken("trading-engine", "crash")(target, seconds):
            yield


def _answers(target: Target, part: str) -> bool:
    try:
        return target.http(part).get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def _wait_for(condition: Callable[[], bool], over: threading.Event, end: float) -> None:
    while not condition() and time.monotonic() < end and not over.wait(0.25):
        pass


@contextmanager
def full_disk(target: Target, _seconds: float) -> Iterator[None]:
    """A host called `drill` reports to the collector that its only file system is full.

    The host's own disk is left alone. When nothing more is reported, Prometheus forgets the value after a minute.
    """
    _report_disk(target, 0.97)
    try:
        yield
    finally:
        _report_disk(target, 0.10)


def _report_disk(target: Target, used: float) -> None:
    mount = {"mountpoint": "/drill", "mode": "rw", "type": "ext4"}
    _report(target, "system.filesystem.utilization", "1", used, mount)


@contextmanager
def starved_host(target: Target, _seconds: float) -> Iterator[None]:
    """A host called `drill` reports to the collector that 400 tasks wait for its two CPUs; nothing is slowed down.

    It is alone in an environment of its own, so that nothing of the stack's is suppressed.
    """
    environment = "drill"
    _report(target, "system.cpu.logical.count", "{cpu}", 2, {}, environment)
    _report(target, "system.cpu.load_average.1m", "{thread}", 400, {}, environment)
    try:
        yield
    finally:
        _report(target, "system.cpu.load_average.1m", "{thread}", 0, {}, environment)


def _report(
    target: Target,
    name: str,
    unit: str,
    value: float,
    attributes: dict[str, str],
    environment: str | None = None,
) -> None:
    """One value of a gauge of the host `drill`."""
    point = {
        "asDouble": value,
        "timeUnixNano": str(time.time_ns()),
        "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()],
    }
    target.report({"name": name, "unit": unit, "gauge": {"dataPoints": [point]}}, environment)
