"""A service that trades well until SIGUSR1: `troubled.py HOW EXCHANGE_PORT DATABASE_URL`.

From then on it is in trouble, and others are not: the name of the exchange cannot be resolved (`dns`), its key is no
longer valid (`key`), or it keeps a connection of its pool for good with each order (`leak`).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import socket
import sys
import threading
import time
from typing import Any

import asyncpg
import ccxt

import botobs
from botobs._demo.exchange_simulator.client import ccxt_config

_PAUSE = 0.4
_begun = threading.Event()


def main() -> None:
    """Trade until SIGTERM, and say goodbye."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGUSR1, lambda *_: _begun.set())
    how, port, url = sys.argv[1:]
    botobs.init("scalper")
    client = ccxt.binance(ccxt_config("binance", f"http://localhost:{port}"))
    client.load_markets()
    loop = asyncio.new_event_loop()
    pool = loop.run_until_complete(asyncpg.create_pool(url, min_size=1, max_size=4))
    if how == "dns":
        _without_names(int(port))
    for side in itertools.cycle(("buy", "sell")):
        if _begun.is_set() and how == "dns":
            # A connection that is open needs no name.
            client.session.close()
        if _begun.is_set() and how == "key":
            client.apiKey = "revoked"
        with contextlib.suppress(ccxt.BaseError):
            client.create_order("BTC/USDT", "market", side, 0.001)
        loop.run_until_complete(_ask(pool, keep=how == "leak" and _begun.is_set()))
        time.sleep(_PAUSE)


async def _ask(pool: asyncpg.Pool, keep: bool) -> None:
    with contextlib.suppress(TimeoutError):
        connection = await pool.acquire(timeout=1)
        await connection.execute("SELECT 1")
        if not keep:
            await pool.release(connection)


def _without_names(port: int) -> None:
    resolve = socket.getaddrinfo

    def fail(host: Any, of: Any, *rest: Any, **named: Any) -> Any:
        if _begun.is_set() and str(of) == str(port):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve(host, of, *rest, **named)

    socket.getaddrinfo = fail  # type: ignore[assignment]


if __name__ == "__main__":
    main()
