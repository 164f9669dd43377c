"""The instruments of the exchange instrumentations, and what they read. One per meter provider."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from ....semconv import exchange as semconv
from ..base import Telemetry
from . import _observe, connection_events, hosts
from .orders import OrderTracker
from .state import Connection, ConnectionKey, Exchange

_SCOPE = "exchange"
#: Names of exchanges and live connections; what comes after them counts as `other`.
_MAXIMUM_EXCHANGES = 200
_MAXIMUM_CONNECTIONS = 2000
OTHER = "other"


class ExchangeTelemetry:
    """Where hooks report to.

    Attributes:
        by_name: The exchanges, by name.
        connections: Those whose owner lives.
        retired: Sums of the connections that are gone, so that counters never fall.
        clients: Clients with a rate limiter, by (exchange, client).
        symbols: Markets that the settings allow as an attribute of metrics.
        values: Whether the settings allow amounts and prices on spans.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        meter = telemetry.meter(_SCOPE)
        self.tracer = telemetry.tracer(_SCOPE)
        self.symbols: frozenset[str] = frozenset(telemetry.settings.exchange_symbols)
        self._own_hosts = hosts.read_own(telemetry.settings.exchange_hosts)
        self.values = telemetry.settings.tells_order_values("traces")
        self.by_name: dict[str, Exchange] = {}
        self.connections: list[Connection] = []
        self.retired: dict[ConnectionKey, list[int]] = {}
        self.clients: dict[int, tuple[weakref.ref[Any], str, str]] = {}
        self._lock = threading.Lock()

        self.operation_duration = semconv.OPERATION_DURATION.create(meter)
        self.request_duration = semconv.REQUEST_DURATION.create(meter)
        self.requests_active = semconv.REQUESTS_ACTIVE.create(meter)
        self.retries = semconv.RETRIES.create(meter)
        self.errors = semconv.ERRORS.create(meter)
        self.throttle_wait = semconv.THROTTLE_WAITED.create(meter)
        self.throttle_cost = semconv.THROTTLE_COST.create(meter)
        self.rejections = semconv.RATELIMIT_REJECTIONS.create(meter)
        self.spent = semconv.RATELIMIT_SPENT.create(meter)
        self.negative_age = semconv.CLOCK_NEGATIVE_AGE.create(meter)
        self.connect_duration = semconv.WS_CONNECT_DURATION.create(meter)
        self.disconnects = semconv.WS_DISCONNECTS.create(meter)
        self.reconnects = semconv.WS_RECONNECTS.create(meter)
        self.message_age = semconv.WS_MESSAGE_AGE.create(meter)
        self.heartbeat_rtt = semconv.WS_HEARTBEAT_RTT.create(meter)
        self.heartbeat_misses = semconv.WS_HEARTBEAT_MISSES.create(meter)
        self.handler_duration = semconv.WS_HANDLER_DURATION.create(meter)
        self.handler_errors = semconv.WS_HANDLER_ERRORS.create(meter)
        self.stream_rejections = semconv.WS_REJECTIONS.create(meter)
        self.resyncs = semconv.RESYNCS.create(meter)
        self.orders = OrderTracker(meter, self.tracer)
        _observe.create(self, meter)

    def exchange_at(self, host: str) -> str:
        """The exchange that a host belongs to; empty for one that is not known, which may be none."""
        return hosts.exchange_at(host, self._own_hosts)

    def variant_of(self, name: str, host: str) -> str:
        """`name`, or what stands for its test net or region where `host` is one of these."""
        found = self.exchange_at(host)
        return found if found.startswith(name) else name

    def exchange(self, name: Any) -> Exchange:
        """What is known about an exchange; all that come after too many share one.

        Args:
            name: Empty for what is perhaps none: its metrics carry no name, and no alert is about it.
        """
        key = OTHER if name is None else str(name).lower()[:40]
        found = self.by_name.get(key)
        if found is not None:
            return found
        with self._lock:
            if len(self.by_name) >= _MAXIMUM_EXCHANGES:
                key = OTHER
            return self.by_name.setdefault(key, Exchange(key))

    def register_client(self, instance: Any, name: str, client: str) -> None:
        """Remember an object that has a rate limiter, weakly."""
        if id(instance) in self.clients:
            return
        key = id(instance)
        self.clients[key] = (weakref.ref(instance, lambda _: self.clients.pop(key, None)), name, client)

    def connection(self, owner: Any, name: Any, client: str, host: str, endpoint: str = "") -> Connection:
        """A connection for an endpoint: the one that was lost before, else a new one.

        Args:
            owner: The object whose end is the connection's end; None if it ends when it is closed.
            name: The exchange.
            client: Value of `exchange.client`.
            host: Value of `server.address`.
            endpoint: Distinguishes endpoints of one owner; stays in this process.
        """
        exchange = self.exchange(name)
        with self._lock:
            self._retire_orphans()
            if len(self.connections) >= _MAXIMUM_CONNECTIONS:
                host = OTHER
            key = (exchange.name, client, host)
            for known in self.connections:
                same_owner = (known.owner() if known.owner is not None else None) is owner
                if (
                    known.key == key
                    and known.endpoint == endpoint
                    and same_owner
                    and known.state in ("closed", "idle")
                ):
                    return known
            made = Connection(exchange, key, endpoint)
            made.owner = None if owner is None else weakref.ref(owner)
            self.connections.append(made)
            return made

    def live_connections(self) -> list[Connection]:
        """The connections whose owner lives. Those that are gone without a word are no longer open."""
        with self._lock:
            self._retire_orphans()
            live = list(self.connections)
        for connection in live:
            if connection.state == "open" and connection.gone is not None:
                reason = connection.gone()
                if reason is not None:
                    connection_events.ended(self, connection, reason)
            if connection.answers is not None:
                connection.answers.expire()
        return live

    def _retire_orphans(self) -> None:
        orphans = [c for c in self.connections if c.owner is not None and c.owner() is None]
        for orphan in orphans:
            self.connections.remove(orphan)
            self._keep_counts(orphan)

    def _keep_counts(self, connection: Connection) -> None:
        kept = self.retired.setdefault(connection.key, [0] * 5)
        counts = (connection.messages, connection.bytes, connection.sent, connection.checks, connection.gaps)
        for index, count in enumerate(counts):
            kept[index] += count
