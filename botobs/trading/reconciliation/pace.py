"""Limits how often reconcile sends requests, so that it does not use up the bots' rate limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...clients import Reconcilable

#: The part of the client's rate limit that reconcile uses at most.
SHARE = 0.05


class Limited(PermissionError):
    """The exchange refused a request for its rate, or has banned the address.

    Attributes:
        seconds: For how long, where it said so; else 0.
    """

    def __init__(self, why: str, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.seconds = seconds


class Stopped(Exception):
    """No further request may be sent to the exchange."""


class Pace:
    """Spreads requests in time: after each, nothing is asked for `1 / SHARE` times what the limit demands."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._free_at = 0.0

    def wait(self, interval: float) -> None:
        """Wait until the next request may be sent.

        Args:
            interval: Seconds between requests of this weight that the exchange's limit allows.

        Raises:
            Stopped: Meanwhile it was stopped.
        """
        if self.stopped.wait(max(0.0, self._free_at - time.monotonic())):
            raise Stopped
        self._free_at = time.monotonic() + max(0.0, interval) / SHARE


class Paced:
    """A client of the service's own, asked at a pace.

    Args:
        client: The client.
        pace: What each of its methods waits for.
    """

    def __init__(self, client: Reconcilable, pace: Pace) -> None:
        self.exchange = str(client.exchange)
        self.interval = float(client.interval)
        self._client = client
        self._pace = pace

    def open_orders(self, symbols: Collection[str]) -> Iterable[Mapping[str, Any]]:
        """The client's open orders, after the pause between requests."""
        self._pace.wait(self.interval)
        return self._client.open_orders(symbols)

    def trades(self, symbols: Collection[str], since: int) -> Iterable[Mapping[str, Any]]:
        """The client's own trades, after the pause between requests."""
        self._pace.wait(self.interval)
        return self._client.trades(symbols, since)

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> Mapping[str, Any] | None:
        """The order, or None, after the pause between requests."""
        self._pace.wait(self.interval)
        return self._client.find_order(order_id, client_order_id, symbol)

    def holdings(self, names: Collection[str]) -> Mapping[str, float]:
        """The amounts that the account holds, after the pause between requests."""
        self._pace.wait(self.interval)
        return self._client.holdings(names)
