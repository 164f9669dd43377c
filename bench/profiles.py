"""`python -m bench.profiles`: where a span's time goes, function by function, on both engines.

The profiler makes calls look dearer than they are; shares and counts of calls are what to read.
"""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import deque
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from botobs._sdk.engine import Limits, create_engine
from botobs._sdk.redaction import Redactor

from ._work import NAME, SPAN

_SPANS = 20_000
_SHOWN = 14


def _profile(title: str, run: Any) -> None:
    # CPU time, because the encoder sleeps to let others run.
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(run)
    stats: Any = pstats.Stats(profiler)
    total = stats.total_tt
    print(f"\n{title}: {stats.total_calls / _SPANS:.1f} calls a span")
    ranked = sorted(stats.stats.items(), key=lambda item: item[1][2], reverse=True)
    for (file, _, name), (_, calls, own, *_) in ranked[:_SHOWN]:
        where = file.partition("site-packages/")[2] or file.rpartition("/botobs/")[2] or "built in"
        print(f"  {own / total:6.1%}  {calls / _SPANS:5.1f} x  {name}  ({where})")


def main() -> None:
    """Profile recording, then encoding."""
    for name in ("stock", "fast"):
        ended: deque[Any] = deque()
        engine = create_engine(
            name,
            Resource({"service.name": "bench"}),
            ParentBased(ALWAYS_ON),
            ended.append,
            Redactor(),
            Limits(),
        )
        tracer = engine.tracer_provider.get_tracer("bench")

        def record(tracer: Any = tracer) -> None:
            for _ in range(_SPANS):
                with tracer.start_as_current_span(NAME, attributes=SPAN):
                    pass

        def encode(engine: Any = engine, ended: Any = ended) -> None:
            for _ in range(_SPANS // 250):
                engine.encode_spans([ended.popleft() for _ in range(250)])

        _profile(f"{name}: record", record)
        _profile(f"{name}: encode and redact", encode)
        engine.shutdown()


if __name__ == "__main__":
    main()
