"""The exchanges and connections of this process that are known, within limits."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Any

from .state import Connection, ConnectionKey, Exchange

#: Names of exchanges and live connections; what comes after them counts as `other`.
_MAXIMUM_EXCHANGES = 200
_MAXIMUM_CONNECTIONS = 2000
_OTHER = "other"


@dataclass(slots=True)
class Counted:
    """What was counted on connections that are gone, by the names of `Connection`."""

    messages: int = 0
    bytes: int = 0
    sent: int = 0
    checks: int = 0
    gaps: int = 0

    def add(self, connection: Connection) -> None:
        """Add the counts of a connection."""
        self.messages += connection.messages
        self.bytes += connection.bytes
        self.sent += connection.sent
        self.checks += connection.checks
        self.gaps += connection.gaps


class Registry:
    """Exchanges, connections, and clients with a rate limiter.

    Attributes:
        by_name: The exchanges, by name.
        connections: Those whose owner lives.
        retired: Sums of the connections that are gone, so that counters never fall.
        clients: Clients with a rate limiter, with exchange and client name, by their `id`.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, Exchange] = {}
        self.connections: list[Connection] = []
        self.retired: dict[ConnectionKey, Counted] = {}
        self.clients: dict[int, tuple[weakref.ref[Any], str, str]] = {}
        self._lock = threading.Lock()

    def exchange(self, name: Any) -> Exchange:
        """What is known about an exchange; all that come after too many share one.

        Args:
            name: Empty for what is perhaps none: its metrics carry no name, and no alert is about it.
        """
        if type(name) is str and (found := self.by_name.get(name)) is not None:
            return found
        key = _OTHER if name is None else str(name).lower()[:40]
        found = self.by_name.get(key)
        if found is not None:
            return found
        with self._lock:
            if len(self.by_name) >= _MAXIMUM_EXCHANGES:
                key = _OTHER
            return self.by_name.setdefault(key, Exchange(key))

    def register_client(self, instance: Any, name: str, client: str) -> None:
        """Remember an object that has a rate limiter, weakly."""
        if id(instance) in self.clients:
            return
        key = id(instance)
        self.clients[key] = (weakref.ref(instance, lambda _: self.clients.pop(key, None)), name, client)

    def connection(
        self, owner: Any, name: Any, client: str, host: str, endpoint: str = "", *, connecting: bool = False
    ) -> Connection:
        """A connection for an endpoint: the one that was lost before, else a new one.

        Args:
            owner: The object whose end is the connection's end; None if it ends when it is closed.
            name: The exchange.
            client: Value of `exchange.client`.
            host: Value of `server.address`.
            endpoint: Distinguishes endpoints of one owner; stays in this process.
            connecting: An attempt to connect begins: another thread that connects to the same host gets another one.
        """
        exchange = self.exchange(name)
        with self._lock:
            self._retire_orphans()
            if len(self.connections) >= _MAXIMUM_CONNECTIONS:
                host = _OTHER
            key = (exchange.name, client, host)
            for known in self.connections:
                same_owner = (known.owner() if known.owner is not None else None) is owner
                if (
                    known.key == key
                    and known.endpoint == endpoint
                    and same_owner
                    and known.state in ("closed", "idle")
                ):
                    if connecting:
                        known.state = "connecting"
                    return known
            made = Connection(exchange, key, endpoint)
            made.owner = None if owner is None else weakref.ref(owner)
            if connecting:
                made.state = "connecting"
            self.connections.append(made)
            return made

    def live_connections(self) -> list[Connection]:
        """The connections whose owner lives. Those that are gone without a word are no longer open."""
        with self._lock:
            self._retire_orphans()
            live = list(self.connections)
        for connection in live:
            client, gone = connection.client, connection.gone
            if connection.state == "open" and gone is not None:
                reason = gone()
                if reason is not None:
                    self._found_ended(connection, reason, client)
            if connection.answers is not None:
                connection.answers.expire()
        return live

    def _retire_orphans(self) -> None:
        orphans = [c for c in self.connections if c.owner is not None and c.owner() is None]
        for orphan in orphans:
            self.connections.remove(orphan)
            self.retired.setdefault(orphan.key, Counted()).add(orphan)

    def _found_ended(self, connection: Connection, reason: str, client: weakref.ref[Any] | None) -> None:
        """The open connection that `client` is is no longer there, and nothing has said so."""
        raise NotImplementedError
