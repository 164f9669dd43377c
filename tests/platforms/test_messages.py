"""Litestar and NATS: a request is one trace, over a request of NATS and a stream, up to the last consumer."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from botobs._ops.components.ports import free_ports
from testbed.otlp_receiver import receiving
from tests.platforms.tracing import (
    CONSUMER,
    PARENT,
    PRODUCER,
    SERVER,
    ask,
    of_the_trace,
    running,
    services,
)
from tests.support.environments import environment
from tests.support.packaged import nats_server

REQUIREMENTS = [
    "litestar>=2.14",
    "nats-py>=2.9",
    "opentelemetry-instrumentation-asgi>=0.66b0",
    "uvicorn>=0.30",
]

#: Every span of the request with its kind and its parent's name; None is the browser.
EXPECTED = {
    ("POST /orders/{number}", SERVER, None),
    ("request orders.*.new", PRODUCER, "POST /orders/{number}"),
    ("process orders.*.new", CONSUMER, "request orders.*.new"),
    ("read", CONSUMER, "request orders.*.new"),
    ("request decisions.taken", PRODUCER, "process orders.*.new"),
    ("process decisions.taken", CONSUMER, "request decisions.taken"),
    ("heard", 1, "process decisions.taken"),
}


@pytest.mark.parametrize("engine", ["fast", "stock"])
def test_a_request_is_one_trace(engine: str, tmp_path: Path) -> None:
    python = environment("messages", REQUIREMENTS)
    with ExitStack() as stack:
        broker = stack.enter_context(nats_server())
        if broker is None:
            pytest.skip("there is no nats-server; install Debian's package of that name")
        receiver = stack.enter_context(receiving())
        port = free_ports(1)[0]
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "BROKER": broker,
            "BOTOBS_ENGINE": engine,
            "BOTOBS_ENDPOINT": receiver.endpoint,
            "BOTOBS_SHUTDOWN_TIMEOUT": "60s",
        }
        server = [str(python), "-m", "uvicorn", "--port", str(port), "--log-level", "critical", "desk:web"]
        with running([str(python), "desk.py"], environ | {"BOTOBS_SERVICE_NAME": "worker"}):
            # Until the worker has subscribed, requests are refused and their traces are cut short.
            receiver.wait_for(lambda: any(span.name == "start" for span in receiver.spans))
            with running(server, environ | {"BOTOBS_SERVICE_NAME": "web"}):
                ask(f"http://127.0.0.1:{port}/orders/7")
        spans = of_the_trace(receiver)
        names = {span.span_id: span.name for span in spans}
        found = [(span.name, span.kind, names.get(span.parent_span_id)) for span in spans]
        assert sorted(found, key=str) == sorted(EXPECTED, key=str)
        (first,) = (span for span in spans if span.kind == SERVER)
        assert first.parent_span_id.hex() == PARENT
        assert services(receiver) == {"web", "worker"}
        assert b"secret-state" not in receiver.raw
        assert not any(span.links for span in spans)
