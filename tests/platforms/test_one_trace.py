"""FastAPI, redis, psycopg and Celery: a request is one trace, from the browser's header to the last consumer."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.components.ports import free_ports
from testbed.otlp_receiver import OtlpReceiver, attributes, receiving
from tests.support.environments import environment
from tests.support.postgres import postgres_server
from tests.support.redis_server import redis_server
from tests.support.waiting import eventually

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 240
REQUIREMENTS = [
    "celery>=5.4",
    "fastapi>=0.115",
    *(f"opentelemetry-instrumentation-{name}>=0.66b0" for name in ("celery", "fastapi", "psycopg", "redis")),
    "psycopg[binary,pool]>=3.2",
    "redis>=5",
    "uvicorn>=0.30",
]
#: What a browser's page sends.
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5

#: Every span of the request with its kind and its parent's name; None is the browser. Below a PRODUCER are the commands
#: by which Celery's transport puts the message into Redis.
EXPECTED = {
    ("POST /orders/{number}", SERVER, None),
    ("INCRBY", CLIENT, "POST /orders/{number}"),
    ("INSERT", CLIENT, "POST /orders/{number}"),
    ("apply_async/work", PRODUCER, "POST /orders/{number}"),
    ("run/work", CONSUMER, "apply_async/work"),
    ("SELECT", CLIENT, "run/work"),
    ("apply_async/tell", PRODUCER, "run/work"),
    ("run/tell", CONSUMER, "apply_async/tell"),
    ("told", 1, "run/tell"),
}


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


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[tuple[OtlpReceiver, str]]:
    """What the platform reports to, and its address."""
    python = environment("platform", REQUIREMENTS)
    with ExitStack() as stack:
        broker = stack.enter_context(redis_server())
        if broker is None:
            pytest.skip("there is no redis-server; install Debian's package of that name")
        database = stack.enter_context(postgres_server())
        receiver = stack.enter_context(receiving())
        port = free_ports(1)[0]
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "BROKER": broker,
            "DATABASE": f"host=127.0.0.1 port={database.port} user=postgres",
            "BOTOBS_ENDPOINT": receiver.endpoint,
            "BOTOBS_SHUTDOWN_TIMEOUT": "60s",
        }
        worker = [
            str(python),
            "-m",
            "celery",
            "-A",
            "shop",
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "ERROR",
        ]
        server = [str(python), "-m", "uvicorn", "--port", str(port), "shop:web"]
        stack.enter_context(running(worker, environ | {"BOTOBS_SERVICE_NAME": "worker"}))
        stack.enter_context(running(server, environ | {"BOTOBS_SERVICE_NAME": "web"}))
        yield receiver, f"http://127.0.0.1:{port}"


def test_a_request_is_one_trace(platform: tuple[OtlpReceiver, str]) -> None:
    receiver, address = platform
    request = urllib.request.Request(
        f"{address}/orders/7", method="POST", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}
    )

    def answered() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    eventually(answered, PATIENCE)
    receiver.wait_for(lambda: any(span.name == "told" for span in receiver.spans), PATIENCE)
    receiver.wait_for(
        lambda: {name for name, *_ in EXPECTED} <= {span.name for span in of_the_trace(receiver)}
    )
    spans = of_the_trace(receiver)
    producers = {span.span_id for span in spans if span.kind == PRODUCER}
    spans = [span for span in spans if span.kind == CONSUMER or span.parent_span_id not in producers]
    names = {span.span_id: span.name for span in spans}
    found = [(span.name, span.kind, names.get(span.parent_span_id)) for span in spans]
    assert sorted(found, key=str) == sorted(EXPECTED, key=str)
    (server,) = (span for span in spans if span.kind == SERVER)
    assert server.parent_span_id.hex() == PARENT
    assert b"secret-state" not in receiver.raw
    services = {
        attributes(one.resource)["service.name"]
        for one in receiver.traces
        for scope in one.scope_spans
        for span in scope.spans
        if span.trace_id.hex() == TRACE
    }
    assert services == {"web", "worker"}


def of_the_trace(receiver: OtlpReceiver) -> list[Any]:
    return [span for span in receiver.spans if span.trace_id.hex() == TRACE]
