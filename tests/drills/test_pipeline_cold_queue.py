"""A queue that filled for hours, and is in no cache any more, is sent while data goes on: how fast, in what memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bench.pipeline import AIMS, Bench
from tests.support.waiting import eventually

#: Of the queue, before the store comes back.
_SHORT, _LONG = 64 * 2**20, 8 * 2**30
#: Seconds of full load between two looks at the file.
_SLICE = 5.0
#: Heap that the memory limiter allows.
_MEMORY = 512 * 2**20


@pytest.mark.parametrize("signal", ["spans", "points"])
def test_a_queue_that_has_left_the_cache(
    signal: str, long_profile: bool, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    wanted = _LONG if long_profile else _SHORT
    bench = Bench(tmp_path, processes=2, items=512, queue_bytes=2 * wanted)
    queue = bench.home.data / "collector" / "queue"
    with bench.shipped() as (process, _):
        began, waiting = time.monotonic(), 0
        while _bytes(queue) < wanted:
            waiting += bench.load(signal, _SLICE if long_profile else 1.0)[0]
        filled = waiting / (time.monotonic() - began)
        _leave_the_cache(queue)
        read = process.io_counters().read_bytes
        sent, memory, came = _sent(bench, process, signal, waiting)
        read = process.io_counters().read_bytes - read
    for name, value in (("filled", filled), ("sent", sent), ("memory", memory), ("read from disk", read)):
        record_property(f"{signal} {name}", round(value))
    print(
        f"{signal}: filled {filled:,.0f}/s, sent {sent:,.0f}/s, {memory / 2**20:.0f} MiB, {read / 2**20:.0f} MiB read"
    )
    assert came >= waiting
    assert read > wanted / 2, "it was in the cache still"
    assert memory < _MEMORY


def _sent(bench: Bench, process: psutil.Process, signal: str, waiting: int) -> tuple[float, int, int]:
    """Items a second from the store's return until the queue is empty, at most so much memory, and what came."""
    memory, rate = 0, AIMS[signal] / 10
    with bench.steady(signal, 3600, rate), bench.sink():
        assert eventually(lambda: bench.delivered(signal) > 0, within=600)
        began, before = time.monotonic(), bench.delivered(signal)

        def emptied() -> bool:
            nonlocal memory
            memory = max(memory, process.memory_info().rss - process.memory_info().shared)
            return bench.delivered(signal) >= waiting + rate * (time.monotonic() - began)

        # As long as it takes: a machine may be slow.
        assert eventually(emptied, within=3600, every=0.2)
        came = bench.delivered(signal)
        return (came - before) / (time.monotonic() - began), memory, came


def _bytes(queue: Path) -> int:
    """Of the queue's files, as far as they are written."""
    return sum(file.stat().st_blocks * 512 for file in queue.iterdir()) if queue.exists() else 0


def _leave_the_cache(queue: Path) -> None:
    for file in queue.iterdir():
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
