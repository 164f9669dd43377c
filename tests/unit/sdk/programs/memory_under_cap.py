"""Nobody takes the spans: memory grows by the queue's size and no further."""

from __future__ import annotations

import socket

import psutil

import botobs


def record(times: int) -> None:
    for number in range(times):
        with botobs.span("x", {"text": "y" * 500, "number": number}):
            pass


with socket.create_server(("127.0.0.1", 0)) as hole:
    handle = botobs.init(
        endpoint=f"http://127.0.0.1:{hole.getsockname()[1]}", queue_bytes=8 * 2**20, shutdown_timeout=0.5
    )
    record(5000)
    before = psutil.Process().memory_info().rss
    record(20_000)
    grown = psutil.Process().memory_info().rss - before
    assert handle.counts.dropped["traces", "normal", "queue_full"] > 10_000
    # Its own estimate is of bytes in Python objects; the allowance is for the allocator.
    assert grown < 16 * 2**20, grown
