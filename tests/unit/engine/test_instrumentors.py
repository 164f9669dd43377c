"""Upstream instrumentors write the same on both engines, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from testbed.http_server import serving

from .conftest import Recording


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.headers.get("traceparent", ""))  # type: ignore[attr-defined]
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with serving(_Handler) as listening:
        listening.seen = []  # type: ignore[attr-defined]
        yield listening


def _with_requests(url: str) -> None:
    requests.get(f"{url}/found?q=1", timeout=10)
    requests.get(f"{url}/missing", timeout=10)
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9/", timeout=10)


def _with_httpx(url: str) -> None:
    with httpx.Client() as client:
        client.get(f"{url}/found?q=1")
        client.get(f"{url}/missing")
        with pytest.raises(httpx.ConnectError):
            client.get("http://127.0.0.1:9/")


def _with_aiohttp(url: str) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            for path in ("found?q=1", "missing"):
                async with session.get(f"{url}/{path}"):
                    pass
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get("http://127.0.0.1:9/")

    asyncio.run(main())


CLIENTS: dict[str, tuple[type[Any], Callable[[str], None]]] = {
    "requests": (RequestsInstrumentor, _with_requests),
    "httpx": (HTTPXClientInstrumentor, _with_httpx),
    "aiohttp": (AioHttpClientInstrumentor, _with_aiohttp),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_http_clients(name: str, server: ThreadingHTTPServer) -> None:
    instrumentor, use = CLIENTS[name]
    outcomes = []
    for engine in ("stock", "fast", "fast+"):
        recording = Recording(engine)
        providers = {
            "tracer_provider": recording.engine.tracer_provider,
            "meter_provider": recording.engine.meter_provider,
        }
        instrumentor().instrument(**providers)
        try:
            with recording.tracer.start_as_current_span("caller") as caller:
                use(f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            instrumentor().uninstrument()
        seen: list[str] = server.seen  # type: ignore[attr-defined]
        trace_id = f"{caller.get_span_context().trace_id:032x}"
        spans = {f"{one.get_span_context().span_id:016x}" for one in recording.ended}
        assert [(header.split("-")[1], header.split("-")[2] in spans) for header in seen] == [
            (trace_id, True)
        ] * 2
        seen.clear()
        metrics = recording.metrics()
        for metric in metrics.values():
            for point in metric["points"]:
                # How long it took is chance.
                for by_chance in ("sum", "buckets", "range", "exemplars"):
                    point.pop(by_chance, None)
        outcomes.append((recording.spans(), metrics))
    assert len(outcomes[0][0]) == 4
    assert outcomes[1] == outcomes[0]
    assert outcomes[2] == outcomes[0]


def test_sqlalchemy() -> None:
    outcomes = []
    for engine in ("stock", "fast", "fast+"):
        recording = Recording(engine)
        database = create_engine("sqlite://")
        SQLAlchemyInstrumentor().instrument(
            engine=database,
            skip_dep_check=True,
            tracer_provider=recording.engine.tracer_provider,
            meter_provider=recording.engine.meter_provider,
        )
        try:
            with recording.tracer.start_as_current_span("caller"), database.connect() as connection:
                connection.execute(text("select 1 where 'a' = 'b'"))
                with pytest.raises(OperationalError):
                    connection.execute(text("select * from missing"))
        finally:
            SQLAlchemyInstrumentor().uninstrument()
            database.dispose()
        outcomes.append(recording.spans())
    assert len(outcomes[0]) >= 3
    assert outcomes[1] == outcomes[0]
    assert outcomes[2] == outcomes[0]
