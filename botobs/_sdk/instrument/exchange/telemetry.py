"""Where the hooks of the exchange instrumentations report to. One per meter provider."""

from __future__ import annotations

import weakref
from typing import Any

from ..base import Telemetry
from . import _observe, connection_events, hosts
from .instruments import Instruments
from .orders import OrderTracker
from .registry import Registry
from .state import Connection

_SCOPE = "exchange"


class ExchangeTelemetry(Registry, Instruments):
    """What is known of the exchanges, and the instruments that report it.

    Attributes:
        symbols: Markets that the settings allow as an attribute of metrics.
        values: Whether the settings allow amounts and prices on spans.
        orders: The orders that were seen.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        meter, tracer = telemetry.meter(_SCOPE), telemetry.tracer(_SCOPE)
        Registry.__init__(self)
        Instruments.__init__(self, meter, tracer)
        self.symbols: frozenset[str] = frozenset(telemetry.settings.exchange_symbols)
        self.values = telemetry.settings.tells_order_values("traces")
        self._own_hosts = hosts.read_own(telemetry.settings.exchange_hosts)
        self.orders = OrderTracker(meter, tracer)
        _observe.create(self, self.orders, meter)

    def exchange_at(self, host: str) -> str:
        """The exchange that a host belongs to; empty for one that is not known, which may be none."""
        return hosts.exchange_at(host, self._own_hosts)

    def variant_of(self, name: str, host: str) -> str:
        """`name`, or what stands for its test net or region where `host` is one of these."""
        found = self.exchange_at(host)
        return found if found.startswith(name) else name

    def _found_ended(self, connection: Connection, reason: str, client: weakref.ref[Any] | None) -> None:
        connection_events.ended(self, connection, reason, client=client)
