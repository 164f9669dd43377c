"""Takes the burst of `exchange_burst` through real ccxt.pro; as a script, under `botobs.init()` of any checkout."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from typing import Any

from bench.exchange_websocket import new_exchange

#: What ccxt calls the stream of the book.
_BOOK = "orderbook::BTC/USDT"


async def take(url: str, frames: int) -> float:
    """Seconds of CPU until the book has seen the last frame."""
    exchange: Any = new_exchange()
    exchange.open()
    client = exchange.client(url)
    started = time.process_time()
    await client.connect(exchange.session)
    seen = 0
    while seen != frames:
        seen = (await client.future(_BOOK))["nonce"]
    elapsed = time.process_time() - started
    await exchange.close()
    return elapsed


def main(url: str, frames: int, port: str) -> None:
    """Take the burst for every line of the input; the answer is microseconds of CPU a frame."""
    import botobs

    folder = tempfile.mkdtemp()
    endpoint = f"http://127.0.0.1:{port}"
    botobs.init("bench", endpoint=endpoint, compression="none", environ={"HOME": folder})
    for _ in sys.stdin:
        print(asyncio.run(take(url, frames)) / frames * 1e6, flush=True)
    shutil.rmtree(folder)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
