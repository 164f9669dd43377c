"""What watching adds to a burst of WebSocket frames, from the socket to the unified object, through real ccxt.pro.

    python -m bench.exchange_burst [frames]

A server in a process of its own sends updates of an order book as fast as they are taken. Counted is the CPU time of
the process that takes them; runs alternate, and the ratio is taken pair by pair.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.settings import Settings

from .exchange_websocket import depth_frames, new_exchange

_PAIRS = 7
#: What ccxt calls the stream of the book.
_BOOK = "orderbook::BTC/USDT"


def serve(port: Connection, frames: int, levels: int) -> None:
    """Send the whole burst to everybody who connects; runs until it is killed."""
    texts = [message.data for message in depth_frames(frames, levels)]

    async def burst(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        for text in texts:
            await socket.send_str(text)
        await socket.receive()
        return socket

    async def main() -> None:
        application = web.Application()
        application.router.add_get("/", burst)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


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


def compare(url: str, frames: int) -> tuple[list[float], list[float]]:
    """Seconds without and with the instrumentation, in pairs."""
    telemetry = Telemetry(
        TracerProvider(shutdown_on_exit=False),
        MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False),
        Settings(),
    )
    plain, watched = [], []
    # The first pair warms up.
    for _ in range(1 + _PAIRS):
        plain.append(asyncio.run(take(url, frames)))
        instrumentation = CcxtWebSocket()
        instrumentation.install(telemetry)
        watched.append(asyncio.run(take(url, frames)))
        instrumentation.uninstall()
    return plain[1:], watched[1:]


def main(frames: int) -> None:
    """Measure and print."""
    spawn = multiprocessing.get_context("spawn")
    for levels in (2, 10):
        ours, theirs = spawn.Pipe()
        server = spawn.Process(target=serve, args=(theirs, frames, levels), daemon=True)
        server.start()
        try:
            plain, watched = compare(f"ws://127.0.0.1:{ours.recv()}/", frames)
        finally:
            server.kill()
            server.join()
        ratios = sorted(after / before for before, after in zip(plain, watched, strict=True))
        low, high = statistics.quantiles(ratios, n=4)[0::2]
        print(
            f"{frames} frames of 2 x {levels} levels: plain {statistics.median(plain):.2f} s of CPU, "
            f"watched {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f}) times"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
