"""Faults of the drills of `botobs why` that `botobs drill` does not make."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from botobs._ops.drills.beside import beside
from botobs._ops.drills.faults import Fault
from botobs._ops.drills.target import Target
from tests.support.configs import ROOT
from tests.support.waiting import eventually

_PROGRAM = Path(__file__).with_name("programs") / "deployed.py"
_DATABASE = "trading"
#: Whether the service has been there for more than a minute.
_RAN = 'time() - min_over_time(botobs_service_heartbeat_timestamp_seconds{service_name="scalper"}[5m]) > 75'
#: Part of a host's memory that is in use when none is left.
_NO_MEMORY = 0.98


@contextmanager
def one_bot_locked(target: Target, seconds: float) -> Iterator[None]:
    """The row of one bot is locked by a transaction of ours that does nothing more."""
    with _in_a_session(
        target.database_url(_DATABASE),
        f"SET LOCAL idle_in_transaction_session_timeout = '{seconds:.0f}s'",
        "SELECT id FROM bots ORDER BY id LIMIT 1 FOR UPDATE",
    ):
        yield


@contextmanager
def connections_taken(target: Target, _seconds: float) -> Iterator[None]:
    """A program of another team holds all connections that PostgreSQL allows but some."""
    with beside(lambda over: asyncio.run(_take(target.database_url(_DATABASE), over))):
        yield


async def _take(url: str, over: threading.Event) -> None:
    held: list[asyncpg.Connection] = []
    try:
        while not over.is_set():
            try:
                held.append(await asyncpg.connect(url, server_settings={"application_name": "reports"}))
            except (asyncpg.PostgresError, OSError):
                await asyncio.sleep(0.2)
    finally:
        for connection in held:
            await connection.close()


@contextmanager
def _in_a_session(url: str, *statements: str) -> Iterator[None]:
    async def hold(over: threading.Event) -> None:
        connection = await asyncpg.connect(url, server_settings={"application_name": "botobs drill"})
        try:
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement)
                await asyncio.to_thread(over.wait)
        finally:
            await connection.close()

    with beside(lambda over: asyncio.run(hold(over))):
        yield


def deployed(*how: str) -> Fault:
    """A service trades for more than a minute; then its next version takes its place, which `deployed.py` names."""

    @contextmanager
    def fault(target: Target, seconds: float) -> Iterator[None]:
        with _version(target, "1.0"):
            eventually(lambda: target.query(_RAN), within=300)
        with _version(target, "2.0", *how):
            yield

    return fault


@contextmanager
def _version(target: Target, version: str, *how: str) -> Iterator[None]:
    home = {"BOTOBS_HOME": str(target.running.home.path), "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
    command = [sys.executable, str(_PROGRAM), version, target.running.url("exchange-simulator"), *how]
    with beside(lambda over: _kept_running(command, {**os.environ, **home, "PYTHONPATH": str(ROOT)}, over)):
        yield


def _kept_running(command: list[str], environ: Mapping[str, str], over: threading.Event) -> None:
    """Run a program, and start it again when it has ended, as a supervisor does."""
    while not over.is_set():
        process = subprocess.Popen(command, env=environ, cwd=ROOT)
        while process.poll() is None and not over.wait(0.2):
            pass
        process.send_signal(signal.SIGTERM)
        process.wait()


def troubled(how: str) -> Fault:
    """A service trades beside the demo's for more than a minute; then it is in trouble, as `troubled.py` names it."""

    @contextmanager
    def fault(target: Target, _seconds: float) -> Iterator[None]:
        port = str(urlsplit(target.running.url("exchange-simulator")).port)
        home = {"BOTOBS_HOME": str(target.running.home.path), "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
        process = subprocess.Popen(
            [
                sys.executable,
                str(_PROGRAM.with_name("troubled.py")),
                how,
                port,
                target.database_url(_DATABASE),
            ],
            env={**os.environ, **home, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
        )
        try:
            eventually(lambda: target.query(_RAN), within=300)
            process.send_signal(signal.SIGUSR1)
            yield
        finally:
            process.terminate()
            process.wait()

    return fault


@contextmanager
def starved(target: Target, _seconds: float) -> Iterator[None]:
    """The host of the services reports that 800 tasks wait for its two CPUs; nothing is slowed down."""
    _report_gauge(target, "system.cpu.logical.count", "{cpu}", 2)
    _report_gauge(target, "system.cpu.load_average.1m", "{thread}", 800)
    try:
        yield
    finally:
        _report_gauge(target, "system.cpu.load_average.1m", "{thread}", 0)


@contextmanager
def no_memory(target: Target, _seconds: float) -> Iterator[None]:
    """The host of the services reports that its memory is in use; none is taken."""
    _report_memory(target, _NO_MEMORY)
    try:
        yield
    finally:
        _report_memory(target, 0.1)


def _report_memory(target: Target, used: float) -> None:
    _report_gauge(target, "system.memory.utilization", "1", used, state="used")


def _report_gauge(target: Target, name: str, unit: str, value: float, **attributes: str) -> None:
    """One value of a gauge of this host."""
    point = {
        "asDouble": value,
        "timeUnixNano": str(time.time_ns()),
        "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()],
    }
    metric = {"name": name, "unit": unit, "gauge": {"dataPoints": [point]}}
    target.report(metric, host=socket.gethostname())
