"""Records on the main thread, in a loop and in another thread: only the exporter's thread may touch a socket."""

from __future__ import annotations

import asyncio
import threading
import time

from opentelemetry import metrics

import botobs
from tests.unit.sdk.programs import traced

botobs.init(span_interval=0.01, metric_interval=0.05)
counter = metrics.get_meter("mine").create_counter("hits")
histogram = metrics.get_meter("mine").create_histogram("wait", "s")


@botobs.span
async def work() -> None:
    with botobs.span("inner", {"n": 1}):
        counter.add(1)
        histogram.record(0.1)
    await asyncio.sleep(0)


async def main() -> None:
    for _ in range(3000):
        await work()


def steps() -> None:
    for _ in range(1000):
        with botobs.span("in a thread"):
            counter.add(1)


loop = asyncio.new_event_loop()
loop.run_until_complete(main())
traced.seen.clear()
traced.start()
thread = threading.Thread(target=steps, name="another")
thread.start()
loop.run_until_complete(main())
thread.join()
until = time.monotonic() + 60
while "socket.sendall" not in traced.seen["botobs-export"] and time.monotonic() < until:
    loop.run_until_complete(main())
traced.stop()
mine = traced.seen.pop("MainThread", set())
exported = traced.seen.pop("botobs-export")
assert "socket.sendall" in exported or "socket.send" in exported, exported
assert not mine, mine
assert not traced.seen, dict(traced.seen)
