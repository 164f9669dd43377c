"""The ccxt clients: one for requests and one for streams per exchange."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ccxt.async_support
import ccxt.pro

from ..exchange_simulator.client import ccxt_config


class Exchanges:
    """Opens the clients and closes them together.

    Attributes:
        rest: `ccxt.async_support` clients by exchange id.
        stream: `ccxt.pro` clients by exchange id.
    """

    def __init__(self, names: Iterable[str], base_url: str) -> None:
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

    async def close(self) -> None:
        """Close every connection."""
        for client in (*self.stream.values(), *self.rest.values()):
            await client.close()
