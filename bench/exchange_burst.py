"""What watching adds to a burst of WebSocket frames, from the socket to the unified object, through real ccxt.pro.

    python -m bench.exchange_burst [--frames N] [--beside /path/to/another/checkout]

A server in a process of its own sends updates of an order book as fast as they are taken. Counted is the CPU time of
the process that takes them; runs alternate, and the ratio is taken pair by pair. Beside another checkout both watch,
as `botobs.init()` has it.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.settings import Settings

from . import _checkouts
from ._burst import take
from .exchange_websocket import depth_frames

_PAIRS = 7
#: Turns beside another checkout.
_ROUNDS = 15


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


@contextmanager
def server(frames: int, levels: int) -> Iterator[str]:
    """Run `serve` in a process of its own; its address."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, frames, levels), daemon=True)
    process.start()
    try:
        yield f"ws://127.0.0.1:{ours.recv()}/"
    finally:
        process.kill()
        process.join()


def main(frames: int, beside: Path | None) -> None:
    """Measure and print."""
    for levels in (2, 10):
        with server(frames, levels) as url:
            print(f"{frames} frames of 2 x {levels} levels: ", end="", flush=True)
            print(_alone(url, frames) if beside is None else _beside(beside, url, frames), flush=True)


def _alone(url: str, frames: int) -> str:
    plain, watched = compare(url, frames)
    ratios = [after / before for before, after in zip(plain, watched, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return (
        f"plain {statistics.median(plain):.2f} s of CPU, watched {middle:.3f} ({low:.3f} to {high:.3f}) times"
    )


def _beside(other: Path, url: str, frames: int) -> str:
    worker = str(Path(__file__).with_name("_burst.py"))
    with (
        _checkouts.collector() as port,
        _checkouts.pair(other.resolve(), worker, url, str(frames), port) as both,
    ):
        return both.compare("take", _ROUNDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--beside", type=Path)
    given = parser.parse_args()
    main(given.frames, given.beside)
