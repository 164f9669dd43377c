"""A generator of load, a process of its own: `python -m bench._load ENDPOINT SECRETS SIGNAL NUMBER SECONDS`.

Says how many items were acknowledged, as JSON, when the time is over.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.support.otlp_load import Points, Source, Spans
from tests.support.sender import Sender

#: Connections of one process; while one waits for its answer, the next request is made.
_CONNECTIONS = 4
#: Of a request: as many as the SDK sends in one (botobs/export/pipeline.py, BATCH).
_ITEMS = 256


def _source(signal: str, name: str) -> Source:
    return Spans(name, _ITEMS) if signal == "spans" else Points(name, _ITEMS)


if __name__ == "__main__":
    endpoint, secrets, signal, number, seconds = sys.argv[1:]
    sources = [_source(signal, f"load-{number}-{place}") for place in range(_CONNECTIONS)]
    with Sender(endpoint, Path(secrets), sources) as sender:
        time.sleep(float(seconds))
    print(json.dumps({"items": sender.items, "seconds": sender.seconds, "answers": sender.answers}))
