"""FastAPI, redis, psycopg and Celery: a request is one trace, from the browser's header to the last consumer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from botobs._ops.components.ports import free_ports
from testbed.otlp_receiver import OtlpReceiver, receiving
from tests.platforms.tracing import (
    CLIENT,
    CONSUMER,
    PARENT,
    PATIENCE,
    PRODUCER,
    SERVER,
    ask,
    of_the_trace,
    running,
    services,
)
from tests.support.environments import environment
from tests.support.packaged import redis_server
from tests.support.postgres import postgres_server

REQUIREMENTS = [
    "celery>=5.4",
    "fastapi>=0.115",
    *(f"opentelemetry-instrumentation-{name}>=0.66b0" for name in ("celery", "fastapi", "psycopg", "redis")),
    "psycopg[binary,pool]>=3.2",
    "redis>=5",
    "uvicorn>=0.30",
]

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
    ("reported", 1, "run/tell"),
}


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
    ask(f"{address}/orders/7")
    receiver.wait_for(lambda: any(span.name == "reported" for span in receiver.spans), PATIENCE)
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
    assert services(receiver) == {"web", "worker"}
