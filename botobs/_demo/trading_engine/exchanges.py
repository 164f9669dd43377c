"""The ccxt clients: one for requests, one for streams, and one that reconciles, per exchange."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro

import botobs.trading

from ..exchange_simulator.client import ccxt_config


class Exchanges:
    """Opens the clients and closes them together.

    Attributes:
        rest: `ccxt.async_support` clients by exchange id.
        stream: `ccxt.pro` clients by exchange id.
    """

    def __init__(self, names: Iterable[str], base_url: str) -> None:
        self._base_url = base_url
        self.rest: dict[str, Any] = {}
        self.stream: dict[str, Any] = {}
        for name in names:
            config = ccxt_config(name, base_url)
            self.rest[name] = getattr(ccxt.async_support, name)(config)
            self.stream[name] = getattr(ccxt.pro, name)(config)

    async def load_markets(self, name: str) -> None:
        """Load what can be traded, once for both clients of an exchange.

        Raises:
            ccxt.BaseError: The exchange does not answer, or not with markets.
        """
        await self.rest[name].load_markets()
        self.stream[name].set_markets_from_exchange(self.rest[name])

    def reconcile(self, every: float, prefix: str, symbols: Iterable[str]) -> None:
        """Compare every account with what this engine reports of its orders, until the engine ends.

        Args:
            every: Seconds between two looks at an account.
            prefix: How the client order ids of the engine's orders begin.
            symbols: What is traded.
        """
        for name in self.rest:
            # A client of its own: nonces, limits and connections are not shared with the one that trades.
            client = getattr(ccxt, name)(ccxt_config(name, self._base_url))
            botobs.trading.reconcile(client, every=every, prefix=prefix, symbols=tuple(symbols))

    async def close(self) -> None:
        """Close every connection."""
        for client in (*self.stream.values(), *self.rest.values()):
            await client.close()
