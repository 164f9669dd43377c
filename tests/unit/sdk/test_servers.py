"""A server that is stopped once, by one SIGTERM, loses no span, and no process of it looks dead."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver, value_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
#: Seconds after which something hangs.
PATIENCE = 120
GUNICORN = ["gunicorn", "--workers", "2", "--no-control-socket", "--bind", "127.0.0.1:{port}"]
UVICORN_WORKER = ["--worker-class", "uvicorn.workers.UvicornWorker"]

SERVERS = {
    "sync": [*GUNICORN, "served:wsgi"],
    "threads": [*GUNICORN, "--worker-class", "gthread", "--threads", "2", "--preload", "served:wsgi"],
    "uvicorn's worker": [*GUNICORN, *UVICORN_WORKER, "served:asgi"],
    "uvicorn's worker, preloaded": [*GUNICORN, *UVICORN_WORKER, "--preload", "served:asgi"],
    "uvicorn with workers": ["uvicorn", "--workers", "2", "--port", "{port}", "served:asgi"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_a_clean_stop(environment: dict[str, str], receiver: OtlpReceiver, server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *(word.format(port=port) for word in SERVERS[server])],
        env=environment | {"BOTOBS_SHUTDOWN_TIMEOUT": "60s", "PYTHONWARNINGS": "ignore"},
        cwd=PROGRAMS,
        start_new_session=True,
    )
    try:
        ask(port, 20)
        # Every process has given a sign of life, so that it can be missed.
        receiver.wait_for(lambda: len(last_of_each(receiver, "heartbeat.timestamp")) >= 2)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert receiver.span_names == ["served"] * 20
    promises = last_of_each(receiver, "goodbye.promised")
    goodbyes = last_of_each(receiver, "goodbye.timestamp")
    assert len(goodbyes) >= 2
    assert {pid for pid, goodbye in goodbyes.items() if goodbye == 0} == set(), promises


def ask(port: int, requests: int) -> None:
    def served() -> bool:
        try:
            # One that is given up and sent again may be served twice.
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    for _ in range(requests):
        eventually(served, PATIENCE)


def last_of_each(receiver: OtlpReceiver, metric: str) -> dict[int, float]:
    """The last value of each process."""
    points = receiver.points(f"botobs.service.{metric}")
    return {resource["process.pid"]: value_of(point) for resource, _, point in points}
