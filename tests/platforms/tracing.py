"""What the platforms' tests share: services, and the one trace that a browser's page has begun."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed.otlp_receiver import OtlpReceiver, attributes
from tests.support.waiting import eventually

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 240
#: What a browser's page sends.
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


@contextmanager
def running(command: Sequence[str | Path], environ: dict[str, str]) -> Iterator[None]:
    """A service, which one SIGTERM ends."""
    process = subprocess.Popen(command, env=environ, cwd=PROGRAMS, start_new_session=True)
    try:
        yield
        process.terminate()
        process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ask(url: str) -> None:
    """Send the page's request, as often as it needs until the service responds."""
    request = urllib.request.Request(url, method="POST", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})

    def answered() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    eventually(answered, PATIENCE)


def of_the_trace(receiver: OtlpReceiver) -> list[Any]:
    """The spans of the page's request."""
    return [span for span in receiver.spans if span.trace_id.hex() == TRACE]


def services(receiver: OtlpReceiver) -> set[str]:
    """Those that have a part in it."""
    return {
        attributes(one.resource)["service.name"]
        for one in receiver.traces
        for scope in one.scope_spans
        for span in scope.spans
        if span.trace_id.hex() == TRACE
    }
