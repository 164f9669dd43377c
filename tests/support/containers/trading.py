"""The demo's services as services of the host, beside the containers of docker-compose.yml."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import asyncpg

from botobs._demo import checks, services
from botobs._demo.observe import Backends
from botobs._ops.access.secrets import read_secret
from botobs._ops.components.roles import DEMO_DATABASE, DEMO_ROLE
from botobs._ops.processes.process import Process
from botobs._ops.processes.supervisor import Supervisor
from botobs._ops.stack.stack import Stack
from tests.support.containers.project import Project


def trade(project: Project, orders: int, within: float = 120) -> list[checks.Result]:
    """Trade until so many orders have been placed, and check what `make smoke` checks."""
    return asyncio.run(_trade(project, orders, within))


async def _trade(project: Project, orders: int, within: float) -> list[checks.Result]:
    await _make_database(project)
    stack = _stack(project)
    processes = list(_processes(project, stack))
    stack.addresses |= {process.name: process.url for process in processes}
    supervisor = Supervisor(processes, project.home.logs)
    await supervisor.start()
    try:
        backends = Backends(cast(Stack, stack))
        while await _placed(backends) < orders:
            await asyncio.sleep(0.2)
        # As in `make smoke`: the bots stop first, then the engine; what is counted afterwards is final.
        for name in ("bot-manager", "trading-engine"):
            await supervisor.hold(name)
        found = await checks.run(backends, within)
        await backends.close()
        return found
    finally:
        await supervisor.stop()


async def _placed(backends: Backends) -> int:
    counts = await backends.simulator()
    return sum(exchange["orders"]["received"] for exchange in counts.values())


def _stack(project: Project) -> Any:
    """What the demo's services and the checks ask of a stack of `botobs up`."""
    database = SimpleNamespace(url=lambda role, name: _url(project, role, name))
    return SimpleNamespace(
        home=project.home,
        database=database,
        options=SimpleNamespace(cluster=False),
        addresses=dict(project.addresses),
    )


def _processes(project: Project, stack: Any) -> Iterator[Process]:
    made = list(services.make(services.Load(), ports_auto=True)(stack))
    names = {process.name for process in made}
    for process in made:
        environ = {**process.environ, **project.service}
        # A stack of `botobs up` is found by its home; containers are named.
        del environ["BOTOBS_HOME"]
        yield replace(process, environ=environ, after=tuple(name for name in process.after if name in names))


def _url(project: Project, role: str, database: str) -> str:
    password = quote(read_secret(project.home.secrets / f"database-{role}.password"), safe="")
    return f"postgresql://{role}:{password}@127.0.0.1:{project.ports['postgres']}/{database}"


async def _make_database(project: Project) -> None:
    password = read_secret(project.home.secrets / f"database-{DEMO_ROLE}.password")
    connection = await asyncpg.connect(_url(project, "postgres", "postgres"))
    try:
        # Our passwords are URL-safe base64: nothing in them needs quoting.
        await connection.execute(f"CREATE ROLE {DEMO_ROLE} LOGIN PASSWORD '{password}'")
        await connection.execute(f"CREATE DATABASE {DEMO_DATABASE} OWNER {DEMO_ROLE}")
    finally:
        await connection.close()
