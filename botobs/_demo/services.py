"""The demo's three services as supervised processes of a stack."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from .._ops.components.ports import free_ports
from .._ops.components.roles import DEMO_DATABASE, DEMO_ROLE
from .._ops.home.home import Home
from .._ops.processes.process import Process
from .._ops.stack.stack import Stack
from .._version import __version__
from .database import apply_schema

#: Default ports, and the variables that move them.
PORTS = {
    "bot-manager": ("DEMO_BOT_MANAGER_PORT", 8081),
    "trading-engine": ("DEMO_TRADING_ENGINE_PORT", 8082),
    "exchange-simulator": ("DEMO_EXCHANGE_SIMULATOR_PORT", 8083),
}
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Load:
    """How busy the demo is.

    Attributes:
        bots: How many bots trade.
        rate: Turns per second of all of them together.
    """

    bots: int = 20
    rate: float = 8.0


def make(load: Load, ports_auto: bool) -> Callable[[Stack], Iterator[Process]]:
    """What `Stack.add` takes: the parts of the demo, once the stack knows its ports and secrets."""

    def parts(stack: Stack) -> Iterator[Process]:
        ports = _ports(ports_auto)
        assert stack.database is not None, "the demo's stack runs with a database"
        database = stack.database
        url = database.url(DEMO_ROLE, DEMO_DATABASE)
        simulator, engine = (
            f"http://127.0.0.1:{ports[name]}" for name in ("exchange-simulator", "trading-engine")
        )
        common = _environ(stack.home)
        yield _service("exchange-simulator", ports, common, ())
        yield _service(
            "trading-engine",
            ports,
            common | {"DEMO_DATABASE_URL": url, "DEMO_EXCHANGE_URL": simulator},
            ("intake", "postgres", "exchange-simulator"),
            prepare=lambda: apply_schema(url),
        )
        yield _service(
            "bot-manager",
            ports,
            common
            | {
                "DEMO_DATABASE_URL": url,
                "DEMO_ENGINE_URL": engine,
                "DEMO_BOTS": str(load.bots),
                "DEMO_RATE": str(load.rate),
            },
            ("trading-engine",),
        )

    return parts


def _ports(auto: bool) -> dict[str, int]:
    if auto:
        return dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return {name: int(os.environ.get(variable, default)) for name, (variable, default) in PORTS.items()}


def _environ(home: Home) -> dict[str, str]:
    passed = ("PATH", "HOME", "TMPDIR", "TZ", "OTEL_METRIC_EXPORT_INTERVAL", "BOTOBS_SERVICE_VERSION")
    kept = {name: os.environ[name] for name in passed if name in os.environ}
    # By its version dashboards mark a deployment.
    version = {"BOTOBS_SERVICE_VERSION": __version__}
    # A checkout need not be installed. An installed package is found without PYTHONPATH, and site-packages there would
    # come before the standard library.
    path = {} if _ROOT.name in ("site-packages", "dist-packages") else {"PYTHONPATH": str(_ROOT)}
    # Its exchange forgets its orders when it ends: no other process may go on with them, nor the demo with another's.
    own = {"BOTOBS_HOME": str(home.path), "XDG_STATE_HOME": str(home.services)}
    return {**version, **kept, **path, **own, "PYTHONUNBUFFERED": "1"}


def _service(
    name: str,
    ports: Mapping[str, int],
    environ: Mapping[str, str],
    after: tuple[str, ...],
    prepare: Callable[[], Awaitable[None]] | None = None,
) -> Process:
    url = f"http://127.0.0.1:{ports[name]}"
    return Process(
        name=name,
        command=[sys.executable, "-P", "-m", f"botobs._demo.{name.replace('-', '_')}"],
        ready=_answers(f"{url}/healthz"),
        # The demo shows its failures: the supervisor must not repair it unseen.
        watched=False,
        environ={**environ, "DEMO_PORT": str(ports[name])},
        after=after,
        stop_budget=20,
        prepare=prepare,
        url=url,
    )


def _answers(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as http:
                return (await http.get(url, timeout=3)).status_code == 200
        except httpx.HTTPError:
            return False

    return ready
