"""Which libraries are watched, and the state of each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from ...semconv import sdk
from ..patching import failures
from ..patching.patch import Patches
from ..safe import Log
from . import _upstream, libraries, span_scopes, stable_names
from ._applications import Search
from .base import EndsWithProgram
from .exchange.unwatched import unwatched_clients
from .web import guarded

if TYPE_CHECKING:
    from .base import Instrumentation, Telemetry
    from .exchange.clients.protocol import ExchangeClient

_logger = Log("botobs")

#: The group of entry points by which other distributions say what a client library does: `botobs.clients`.
CLIENT_GROUP = "botobs_exchange_clients"

#: Clients of single exchanges: name, the class that describes each, and the module that it is imported by.
_CLIENTS: tuple[tuple[str, str, str], ...] = (
    ("alpaca_py", "AlpacaPy", "alpaca"),
    ("binance_connector", "BinanceConnector", "binance.api"),
    ("binance_sdk", "BinanceSdk", "binance_common"),
    ("coinbase_advanced_py", "CoinbaseAdvancedPy", "coinbase"),
    ("hyperliquid", "Hyperliquid", "hyperliquid"),
    ("krakenex", "Krakenex", "krakenex"),
    ("kucoin_universal_sdk", "KucoinUniversalSdk", "kucoin_universal_sdk"),
    ("pybit", "Pybit", "pybit"),
    ("python_okx", "PythonOkx", "okx"),
)

#: Takes over what a worker process has not sent when its parent terminates it.
WORKERS = "multiprocessing"

#: Our own, by name, in the order of installation: what produces the outer span comes before what it calls.
REGISTRY: tuple[tuple[str, str], ...] = (
    ("threading", "botobs._sdk.instrument.runtime.threads:Threads"),
    (WORKERS, "botobs._sdk.instrument.runtime.workers:TerminatedWorkers"),
    ("logging", "botobs._sdk.instrument.logs.logging:LoggingInstrumentation"),
    ("structlog", "botobs._sdk.instrument.logs.structlog:StructlogInstrumentation"),
    ("loguru", "botobs._sdk.instrument.logs.loguru:LoguruInstrumentation"),
    ("opentelemetry_logs", "botobs._sdk.instrument.logs.opentelemetry_logs:OpenTelemetryLogs"),
    ("runtime", "botobs._sdk.instrument.runtime.interpreter:RuntimeInstrumentation"),
    ("ccxt", "botobs._sdk.instrument.exchange.clients.ccxt.rest:CcxtRest"),
    ("ccxt_ws", "botobs._sdk.instrument.exchange.clients.ccxt.stream:CcxtWebSocket"),
    ("python_binance", "botobs._sdk.instrument.exchange.clients.binance.python_binance:PythonBinance"),
    *((name, f"botobs._sdk.instrument.exchange.clients.{name}:{cls}") for name, cls, _ in _CLIENTS),
    ("websockets", "botobs._sdk.instrument.exchange.clients.streams.websockets:Websockets"),
    (
        "websockets_legacy",
        "botobs._sdk.instrument.exchange.clients.streams.websockets_legacy:WebsocketsLegacy",
    ),
    ("websocket_client", "botobs._sdk.instrument.exchange.clients.streams.websocket_client:WebsocketClient"),
    ("picows", "botobs._sdk.instrument.exchange.clients.streams.picows:Picows"),
    ("aiohttp_ws", "botobs._sdk.instrument.exchange.clients.streams.aiohttp_ws:AiohttpWebSocket"),
    ("sqlalchemy", "botobs._sdk.instrument.databases.sqlalchemy:SQLAlchemyInstrumentation"),
    ("sqlite3_connections", "botobs._sdk.instrument.databases.sqlite3:Sqlite3Connections"),
    ("asyncpg", "botobs._sdk.instrument.databases.asyncpg:AsyncPGInstrumentation"),
    ("aiohttp_server", "botobs._sdk.instrument.web.aiohttp_server:AiohttpServerInstrumentation"),
    ("asgi", "botobs._sdk.instrument.web.asgi:AsgiInstrumentation"),
    ("litestar", "botobs._sdk.instrument.web.litestar:LitestarInstrumentation"),
    ("grpc_aio", "botobs._sdk.instrument.web.grpc_aio:GrpcAioInstrumentation"),
    ("aiohttp_client", "botobs._sdk.instrument.web.aiohttp_client:AiohttpClientInstrumentation"),
    ("httpx", "botobs._sdk.instrument.web.httpx:HttpxInstrumentation"),
    ("requests", "botobs._sdk.instrument.web.requests:RequestsInstrumentation"),
    ("nats", "botobs._sdk.instrument.messaging.nats:NatsInstrumentation"),
    ("pika_channels", "botobs._sdk.instrument.messaging.pika:PikaChannels"),
    # Last, so that it sees the requests of all of them.
    ("order_evidence", "botobs._sdk.instrument.exchange.evidence:OrderEvidence"),
)

# What each of ours watches, where it is not the standard library or called the same.
_LIBRARIES = {
    "ccxt_ws": "ccxt",
    "python_binance": "binance.client",
    "websockets_legacy": "websockets",
    "websocket_client": "websocket",
    "aiohttp_ws": "aiohttp",
    "aiohttp_server": "aiohttp",
    "aiohttp_client": "aiohttp",
    "asgi": "opentelemetry.instrumentation.asgi",
    "sqlite3_connections": "opentelemetry.instrumentation.dbapi",
    "grpc_aio": "opentelemetry.instrumentation.grpc",
    "pika_channels": "opentelemetry.instrumentation.pika",
    "logging": "logging",
    "opentelemetry_logs": "opentelemetry",
    "runtime": "gc",
    "order_evidence": "http",
    **{name: library for name, _, library in _CLIENTS},
}


_OURS = frozenset(name for name, _ in REGISTRY)


class State(StrEnum):
    """The state of an instrumentation."""

    INSTALLED = "installed"
    WAITING = "waiting"
    """It starts when its library is imported."""
    DISABLED = "disabled"
    MISSING = "missing"
    """The library, or a version that it can watch, is not installed."""
    FAILED = "failed"
    UNWATCHED = "unwatched"
    """The library is imported; what would watch it is not installed."""


@dataclass(slots=True)
class Status:
    """An instrumentation as `botobs doctor` shows it.

    Attributes:
        origin: `botobs`, or the distribution that it comes from.
        detail: Why it failed, is missing or is left alone; what it does not see; or what to install.
    """

    name: str
    origin: str
    state: State
    detail: str = ""


class Instrumentations:
    """Installs all, and takes all back; one that fails stops no other.

    Args:
        warn: Logs a line about one that fails after the installation, with the limit on lines that all share.
    """

    def __init__(self, warn: Callable[[str, str, str], object] = _logger.warning) -> None:
        self.statuses: dict[str, Status] = {}
        self._warn = warn
        self._installed: list[Instrumentation] = []
        # The libraries that descriptions of other distributions watch, by module.
        self._described: set[str] = set()
        self._patches = Patches("opentelemetry")
        self._applications = Search()
        failures.reset()

    def look(self) -> list[Status]:
        """The state of each as of now, and the libraries that are imported and not watched."""
        known = [
            replace(status, state=_library_state(name))
            if status.state is State.INSTALLED and name in _OURS
            else status
            for name, status in self.statuses.items()
        ]
        return (
            known
            + [
                Status(found.name, found.library, State.UNWATCHED, found.detail)
                for found in unwatched()
                if found.imported
            ]
            + [
                Status(found.module, found.library, State.UNWATCHED, f"{found.reason}; {found.way_out}")
                for found in unwatched_clients(self._described)
                if found.imported
            ]
        )

    def install(self, telemetry: Telemetry) -> None:
        """Install ours, then the upstream ones of libraries that ours do not cover."""
        failures.listen(self._give_up)
        stable_names.choose(self._patches)
        span_scopes.guard(self._patches)
        guarded.guard(self._patches)
        left_alone = telemetry.settings.leaves_alone
        # Read once: each reading opens a file of every distribution.
        offered = entry_points()
        described = {each.name.lower().replace("-", "_"): each for each in offered.select(group=CLIENT_GROUP)}
        for name, target in REGISTRY:
            if name in described:
                # A user who installs another description wants that one.
                continue
            if left_alone(name):
                self.statuses[name] = Status(name, "botobs", State.DISABLED)
            else:
                self._install_own(name, target, telemetry)
        self._install_described(described, telemetry)
        covered = {name for name, _ in REGISTRY}
        for found in _upstream.discover(offered.select(group=_upstream.GROUP), covered):
            status = Status(found.name, found.origin, State.WAITING)
            self.statuses[found.name] = status
            if left_alone(found.name):
                status.state = State.DISABLED
            elif found.name in _upstream.LEFT_ALONE:
                status.state, status.detail = State.DISABLED, _upstream.LEFT_ALONE[found.name]
            else:
                self._install_upstream(found, status, telemetry)
        self._applications.run()

    def before_end(self, seconds: float) -> None:
        """Have those that have something to do when the program ends do it, within so many seconds each."""
        for instrumentation in self._installed:
            if isinstance(instrumentation, EndsWithProgram):
                instrumentation.before_end(seconds)

    def uninstall(self) -> None:
        """Take every patch back, the last first."""
        failures.listen()
        self._patches.undo()
        while self._installed:
            instrumentation = self._installed.pop()
            try:
                instrumentation.uninstall()
            except Exception as error:
                self._fail(instrumentation.name, f"cannot be removed: {type(error).__name__}: {error}")

    def after_fork(self) -> None:
        """In a forked child: failures count from zero."""
        failures.reset()

    def register(self, meter: Meter) -> None:
        """Create the metric of failures on `meter`."""

        def errors(_: CallbackOptions) -> Iterable[Observation]:
            counts = failures.counts()
            for name in dict.fromkeys((*self.statuses, *failures.SHARED, *counts)):
                yield Observation(counts.get(name, 0), {sdk.LIBRARY: name})

        sdk.INSTRUMENTATION_ERRORS.create(meter, [errors])

    @property
    def failed(self) -> Iterator[Status]:
        """The instrumentations that do not work."""
        return (status for status in self.statuses.values() if status.state is State.FAILED)

    def _install_own(self, name: str, target: str, telemetry: Telemetry) -> None:
        self.statuses[name] = Status(name, "botobs", State.INSTALLED)
        module, _, attribute = target.partition(":")
        try:
            self._start(getattr(import_module(module), attribute)(), telemetry)
        except Exception as error:
            self._fail(name, f"{type(error).__name__}: {error}")

    def _start(self, made: Any, telemetry: Telemetry) -> None:
        """Install an instrumentation, or that of the client library that `made` describes."""
        if not hasattr(made, "install"):
            from .exchange.clients.adapted import AdaptedClient

            self._described.add(made.library)
            made = AdaptedClient(made)
        instrumentation: Instrumentation = made
        self._installed.append(instrumentation)
        instrumentation.install(telemetry)

    def _install_described(self, described: Mapping[str, EntryPoint], telemetry: Telemetry) -> None:
        """Install what other distributions say of client libraries."""
        for name, entry_point in described.items():
            origin = entry_point.dist.name if entry_point.dist is not None else "?"
            status = self.statuses[name] = Status(name, origin, State.INSTALLED)
            if telemetry.settings.leaves_alone(name):
                status.state = State.DISABLED
                continue
            try:
                self._start(entry_point.load()(), telemetry)
            except Exception as error:
                self._fail(name, f"{type(error).__name__}: {error}")

    def _install_upstream(self, found: _upstream.Found, status: Status, telemetry: Telemetry) -> None:
        upstream = _upstream.UpstreamInstrumentation(
            found,
            lambda error: self._settle(status, error),
            lambda missed: self._tell(status, missed),
            self._applications,
        )
        self._installed.append(upstream)
        try:
            upstream.install(telemetry)
        except Exception as error:
            self._settle(status, error)

    def _settle(self, status: Status, error: Exception | None) -> None:
        if error is None:
            status.state = State.INSTALLED
        elif isinstance(error, _upstream.Missing):
            status.state, status.detail = State.MISSING, str(error)
        else:
            self._fail(status.name, f"{type(error).__name__}: {error}")

    def _tell(self, status: Status, missed: str) -> None:
        status.detail = missed
        self._warn("%s is watched in part: %s", status.name, missed)

    def _fail(self, name: str, detail: str) -> None:
        failures.report(name)
        self._mark(name, detail)

    def _give_up(self, name: str, detail: str) -> None:
        self._mark(name, detail)
        self._warn("%s is not watched: %s", name, detail)

    def _mark(self, name: str, detail: str) -> None:
        status = self.statuses.setdefault(name, Status(name, "botobs", State.FAILED))
        status.state, status.detail = State.FAILED, detail


def client_classes() -> Iterator[type[ExchangeClient]]:
    """What describes the clients of single exchanges."""
    for name, cls, _ in _CLIENTS:
        yield getattr(import_module(f"botobs._sdk.instrument.exchange.clients.{name}"), cls)


def unwatched() -> Iterator[libraries.Unwatched]:
    """The libraries that are installed here, could be watched and are not."""
    return libraries.unwatched({name for name, _ in REGISTRY})


def watched_by_others() -> set[str]:
    """The distributions installed here that instrumentors of other distributions watch."""
    found = _upstream.discover(entry_points(group=_upstream.GROUP), _OURS)
    return {library for each in found for library in _upstream.libraries_of(each)}


def _library_state(name: str) -> State:
    """Whether what one of ours watches is imported, could be, or is not there."""
    library = _LIBRARIES.get(name, name)
    if library in sys.modules:
        return State.INSTALLED
    return State.WAITING if _is_there(library) else State.MISSING


def _is_there(library: str) -> bool:
    """Whether a module could be imported; of one in a package the package is not imported to find out."""
    package, _, module = library.partition(".")
    found = find_spec(package)
    if found is None or "." in module or not found.submodule_search_locations:
        # Of a namespace package the parent does nothing when it is imported.
        return found is not None and (not module or find_spec(library) is not None)
    return not module or any(
        (Path(place) / name).exists()
        for place in found.submodule_search_locations
        for name in (f"{module}.py", module)
    )
