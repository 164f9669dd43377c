"""What watching costs per message of a ccxt.pro stream, against one stock `counter.add` measured in the same run.

    python -m bench.exchange_websocket [frames]

Two questions. What do the hooks of `Client.handle_message` and `Client.resolve` add to a message, at the two points
alone? And how much longer does a burst of frames take that passes through real ccxt.pro code, from the WebSocket
message to the unified object? Runs alternate and the fastest of each counts, so that a busy machine disturbs less.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any

import ccxt.pro
from aiohttp import WSMessage, WSMsgType
from ccxt.async_support.base.ws.client import Client
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.settings import Settings

_ROUNDS = 7
_CALLS = 100_000
_SYMBOL = "BTC/USDT"


def counter_add(telemetry: Telemetry) -> float:
    """Seconds of one stock `counter.add` with two attributes."""
    counter = telemetry.meter("bench").create_counter("bench")
    attributes = {"exchange.name": "binance", "exchange.client": "ccxt.pro"}
    return min(timeit.repeat(lambda: counter.add(1, attributes), number=_CALLS, repeat=_ROUNDS)) / _CALLS


def points(client: Client) -> float:
    """Seconds of `handle_message` and `resolve` around a handler that does nothing."""
    message = WSMessage(WSMsgType.CONTINUATION, "x" * 200, None)
    result: dict[str, Any] = {}

    def one() -> None:
        client.handle_message(message)
        client.resolve(result, "ticker")

    return min(timeit.repeat(one, number=_CALLS, repeat=_ROUNDS)) / _CALLS


def bare_client(exchange: Any) -> Client:
    """A client that is not connected."""
    return Client("ws://127.0.0.1/ws", exchange.handle_message, *[exchange.on_error] * 3, {"verbose": False})


def burst(exchange: Any, frames: list[WSMessage]) -> float:
    """Seconds of CPU that the frames take through `handle_message`."""
    client = bare_client(exchange)
    gc.collect()
    gc.disable()
    started = time.process_time()
    for frame in frames:
        client.handle_message(frame)
    elapsed = time.process_time() - started
    gc.enable()
    return elapsed


def depth_frames(count: int, levels: int) -> list[WSMessage]:
    """Updates of a book as Binance sends them, each changing so many levels of both sides."""
    now = int(time.time() * 1000)
    frames = []
    for number in range(1, count + 1):
        first = number % 40
        bids = [[f"{100 - (first + level) * 0.01:.2f}", "1.5"] for level in range(levels)]
        asks = [[f"{101 + (first + level) * 0.01:.2f}", "1.5"] for level in range(levels)]
        event = {"e": "depthUpdate", "E": now, "s": "BTCUSDT", "U": number, "u": number, "b": bids, "a": asks}
        frames.append(WSMessage(WSMsgType.TEXT, json.dumps(event), None))
    return frames


def new_exchange() -> Any:
    """A Binance with one market and a book of it, without a network."""
    exchange = ccxt.pro.binance({"options": {"watchOrderBook": {"checksum": False}}})
    market = {
        "id": "BTCUSDT",
        "symbol": _SYMBOL,
        "base": "BTC",
        "quote": "USDT",
        "type": "spot",
        "spot": True,
    }
    exchange.set_markets([exchange.safe_market_structure(market)])
    exchange.orderbooks[_SYMBOL] = exchange.order_book(
        {"nonce": 0, "bids": [[50.0, 1.0]], "asks": [[150.0, 1.0]]}
    )
    return exchange


def alternating(telemetry: Telemetry, measure: Callable[[], float], rounds: int) -> tuple[float, float]:
    """The fastest run without and with the instrumentation."""
    plain, watched = [], []
    for _ in range(rounds):
        plain.append(measure())
        instrumentation = CcxtWebSocket()
        instrumentation.install(telemetry)
        watched.append(measure())
        instrumentation.uninstall()
    return min(plain), min(watched)


async def main(frames: int) -> None:
    """Measure and print."""
    provider = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    telemetry = Telemetry(TracerProvider(shutdown_on_exit=False), provider, Settings())
    add = counter_add(telemetry)
    exchange = new_exchange()
    plain, watched = alternating(telemetry, lambda: points(bare_client(exchange)), 3)
    added = watched - plain
    print(f"counter.add                      {add * 1e9:8.0f} ns")
    print(f"handle_message + resolve, plain  {plain * 1e9:8.0f} ns")
    print(f"added by watching                {added * 1e9:8.0f} ns = {added / add:.3f} of a counter.add")
    # Two levels is the least that Binance sends, ten a calm market's tenth of a second.
    for levels in (2, 10):
        messages = depth_frames(frames, levels)
        before, after = alternating(telemetry, functools.partial(_fresh_burst, messages), 5)
        print(f"burst of {frames} frames of 2 x {levels} levels, plain {before:.2f} s")
        print(f"watched {after:.2f} s = {after / before:.3f} times")


def _fresh_burst(frames: list[WSMessage]) -> float:
    return burst(new_exchange(), frames)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
