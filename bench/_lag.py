"""How late an event loop is while it records and a thread of the same process exports."""

from __future__ import annotations

import asyncio
import time

from ._work import OpenTelemetry

_TICK_S = 0.001


async def _measure(contender: OpenTelemetry, spans_per_second: int, seconds: float) -> list[float]:
    run = contender.span()
    loop = asyncio.get_running_loop()
    lags: list[float] = []
    begin = loop.time()
    recorded = 0
    while (now := loop.time()) - begin < seconds:
        # As many as are due, but never so many at once that recording them were the lag.
        due = min(int((now - begin) * spans_per_second) - recorded, 50)
        run(due)
        recorded += due
        wanted = loop.time() + _TICK_S
        await asyncio.sleep(_TICK_S)
        lags.append(loop.time() - wanted)
    return lags


def lags(contender: OpenTelemetry, spans_per_second: int, seconds: float) -> dict[str, float]:
    """Percentiles of the delay of a 1 ms timer, in seconds."""
    contender.flush()
    found = sorted(asyncio.run(_measure(contender, spans_per_second, seconds)))
    time.sleep(0)
    contender.flush()
    return {name: found[min(len(found) - 1, int(len(found) * share))] for name, share in _SHARES.items()}


_SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
