"""A generator of load, a process of its own: `python -m bench._load ENDPOINT SECRETS SIGNAL NUMBER SECONDS ITEMS RATE`.

Requests hold ITEMS items; RATE is how many a second are sent, at most, and 0 all that can be. Says how many items were
acknowledged, as JSON, when the time is over.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender

#: Connections of one process; while one waits for its answer, the next request is made.
_CONNECTIONS = 4


def _source(signal: str, name: str, items: int) -> Source:
    return Spans(name, items) if signal == "spans" else Points(name, items)


if __name__ == "__main__":
    endpoint, secrets, signal, number, seconds, items, rate = sys.argv[1:]
    sources = [_source(signal, f"load-{number}-{place}", int(items)) for place in range(_CONNECTIONS)]
    pause = _CONNECTIONS * int(items) / float(rate) if float(rate) else 0.0
    with Sender(endpoint, Path(secrets), sources, pause=pause) as sender:
        time.sleep(float(seconds))
    print(json.dumps({"items": sender.items, "seconds": sender.seconds, "answers": sender.answers}))
