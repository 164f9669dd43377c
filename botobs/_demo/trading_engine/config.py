"""Settings of the trading engine, all from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import database
from ..environment import amount, names, port, positive, read
from ..exchange_simulator.client import DIALECTS
from .risk import Limits


@dataclass(frozen=True)
class Config:
    """The settings of the trading engine, from the environment.

    Attributes:
        database_url: `postgresql://...` of the application database.
        exchange_url: Base address of the exchange simulator.
        port: Port on 127.0.0.1 that the HTTP API listens on.
        exchanges: ccxt ids of the exchanges to trade on.
        symbols: What is watched and traded on each, in ccxt's spelling.
        limits: How much a bot may hold and trade.
        order_lifetime: Seconds after which an open order is cancelled.
    """

    database_url: str
    exchange_url: str = "http://127.0.0.1:8083"
    port: int = 8082
    exchanges: tuple[str, ...] = ("binance", "okx")
    symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")
    limits: Limits = field(default_factory=Limits)
    order_lifetime: float = 10.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings.

        Raises:
            SystemExit: A variable is missing or not usable.
        """
        limits = Limits()
        return cls(
            database_url=database.database_url(environ),
            exchange_url=read(environ, "DEMO_EXCHANGE_URL", cls.exchange_url, str),
            port=read(environ, "DEMO_PORT", cls.port, port),
            exchanges=read(environ, "DEMO_EXCHANGES", cls.exchanges, _exchanges),
            symbols=read(environ, "DEMO_SYMBOLS", cls.symbols, names),
            limits=Limits(
                position=read(environ, "DEMO_POSITION_LIMIT", limits.position, amount),
                traded_per_day=read(environ, "DEMO_DAILY_LIMIT", limits.traded_per_day, amount),
            ),
            order_lifetime=read(environ, "DEMO_ORDER_LIFETIME", cls.order_lifetime, positive),
        )


def _exchanges(text: str) -> tuple[str, ...]:
    exchanges = names(text)
    unknown = [name for name in exchanges if name not in DIALECTS]
    if unknown or not exchanges:
        raise ValueError(f"the exchange simulator speaks {', '.join(DIALECTS)}")
    return exchanges
