"""Sends ten orders with ccxt, without ids of its own. Its argument is the client's configuration."""

from __future__ import annotations

import asyncio
import json
import sys

import botobs

botobs.init()

import ccxt.async_support as ccxt  # noqa: E402 - after it is watched, as in the test's case


async def _send() -> None:
    client = ccxt.binance(json.loads(sys.argv[1]))
    await client.load_markets()
    await asyncio.gather(*(client.create_order("BTC/USDT", "limit", "buy", 1, 100) for _ in range(10)))


asyncio.run(_send())
