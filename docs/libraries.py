"""The page of libraries and by whom they are watched, from botobs' registry and OpenTelemetry's own table."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from packaging.requirements import Requirement

from botobs._sdk.instrument._upstream import ALIASES, LEFT_ALONE, STANDARD_LIBRARY
from botobs._sdk.instrument.libraries import NOBODYS, NOT_SUGGESTED, PREFIX, table
from botobs._sdk.instrument.registry import REGISTRY

from .tables import markdown_table

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
#: Distributions that are not called as their instrumentation.
_DISTRIBUTIONS = {
    "aiohttp_client": "aiohttp",
    "aiohttp_server": "aiohttp",
    "grpc_aio": "grpcio",
    "aiohttp_ws": "aiohttp",
    "asgi": "frameworks on ASGI",
    "ccxt_ws": "ccxt",
    "logging": "standard library",
    "multiprocessing": "standard library",
    "nats": "nats-py",
    "opentelemetry_logs": "opentelemetry-api",
    "order_evidence": "standard library",
    "pika_channels": "pika",
    "python_binance": "python-binance",
    "runtime": "standard library",
    "sqlalchemy": "SQLAlchemy",
    "sqlite3_connections": "standard library",
    "threading": "standard library",
    "websocket_client": "websocket-client",
    "websockets_legacy": "websockets",
}


#: How work on a message that was fetched goes on in its sender's trace; tried in tests/platforms/programs/desk.py.
_FETCHED = """```python
from opentelemetry import context, propagate

# Kafka's headers are pairs with bytes: {name: value.decode() for name, value in message.headers}.
token = context.attach(propagate.extract(message.headers or {}))
try:
    with botobs.span("fill", kind="consumer"):
        ...
finally:
    context.detach(token)
```"""


def page() -> str:
    """The page."""
    ours = [
        [_DISTRIBUTIONS.get(name, name), f"`{name}`", _summary(target)]
        for name, target in sorted(REGISTRY, key=lambda row: _DISTRIBUTIONS.get(row[0], row[0]).lower())
    ]
    theirs = sorted(_upstream(), key=lambda row: row[0].lower())
    return "\n\n".join(
        [
            "# Libraries, and by whom they are watched",
            "botobs watches a library when your program imports it. Some it watches by itself; for others it uses "
            "OpenTelemetry's instrumentor, if that is installed: `pip install 'botobs[web,db,messaging]'` brings the "
            "usual ones, and `botobs instrument` names, or installs, what fits the libraries of an environment. "
            "`botobs doctor` and `handle.instrumentations` tell the state of each.",
            "## By botobs",
            markdown_table(["library", "name in `disabled_instrumentations`", "what it does"], ours),
            "## By OpenTelemetry's instrumentors",
            markdown_table(["library", "instrumentor", "comes with"], theirs),
            "## Messages that a program fetches",
            "A callback of aio-pika, pika, NATS or Celery runs in the trace of the message's sender. Of "
            "messages that a program fetches (aiokafka, kafka-python, confluent-kafka, `next_msg` and `fetch` of NATS, "
            "the generators of pika) it alone knows when the work on one ends, and says so:",
            _FETCHED,
            "## Left alone",
            "\n".join(f"- `{name}`: {why}" for name, why in sorted((LEFT_ALONE | NOT_SUGGESTED).items())),
            "## By nobody",
            "`botobs doctor` names these where they are installed, and `handle.instrumentations` where they are "
            "imported:",
            "\n".join(f"- `{name}`: {way_out}" for name, way_out in sorted(NOBODYS.items())),
            "Libraries that stand in none of these lists are not watched; whatever they do by one that does is seen: "
            "the clients of exchanges, for example, by the HTTP library that they use.",
        ]
    )


def _summary(target: str) -> str:
    module = import_module(target.partition(":")[0])
    return (inspect.getdoc(module) or "").partition("\n\n")[0].replace("\n", " ")


def _upstream() -> Iterator[list[str]]:
    ours = {name for name, _ in REGISTRY}
    extras = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    bringing = {
        Requirement(one).name: f"`botobs[{extra}]`"
        for extra in ("web", "db", "messaging")
        for one in extras[extra]
    }
    for library, package in table():
        instrumentor = Requirement(package).name
        name = instrumentor.removeprefix(PREFIX).replace("-", "_")
        if ALIASES.get(name, name) in ours or name in LEFT_ALONE or name in NOT_SUGGESTED:
            continue
        watched = str(library) if library is not None else f"{STANDARD_LIBRARY[name]} (standard library)"
        yield [watched, f"`{instrumentor}`", bringing.get(instrumentor, "")]
