"""Settings of the bot manager, all from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import database
from ..environment import names, port, positive, read, whole


@dataclass(frozen=True)
class Config:
    """The settings of the bot manager, from the environment.

    Attributes:
        database_url: `postgresql://...` of the application database.
        engine_url: Base address of the trading engine.
        port: Port on 127.0.0.1 that the HTTP API listens on.
        bots: How many bots there are at least; missing ones are created at start.
        rate: Turns per second of all bots together.
        exchanges: The bots are spread over these, by ccxt id.
        symbols: And over these, in ccxt's spelling.
        order_notional: Value of one order, in the quote currency.
        seed: Makes the bots' rhythms the same in every run.
    """

    database_url: str
    engine_url: str = "http://127.0.0.1:8082"
    port: int = 8081
    bots: int = 20
    rate: float = 8.0
    exchanges: tuple[str, ...] = ("binance", "okx")
    symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")
    order_notional: float = 100.0
    seed: int = 7

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings.

        Raises:
            SystemExit: A variable is missing or not usable.
        """
        return cls(
            database_url=database.database_url(environ),
            engine_url=read(environ, "DEMO_ENGINE_URL", cls.engine_url, str),
            port=read(environ, "DEMO_PORT", cls.port, port),
            bots=read(environ, "DEMO_BOTS", cls.bots, whole(1, 1_000)),
            rate=read(environ, "DEMO_RATE", cls.rate, positive),
            exchanges=read(environ, "DEMO_EXCHANGES", cls.exchanges, names),
            symbols=read(environ, "DEMO_SYMBOLS", cls.symbols, names),
            order_notional=read(environ, "DEMO_ORDER_NOTIONAL", cls.order_notional, positive),
            seed=read(environ, "DEMO_SEED", cls.seed, int),
        )
