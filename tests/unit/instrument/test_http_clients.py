from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Protocol

import httpx
import pytest
import requests
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.utils import suppress_http_instrumentation
from opentelemetry.trace import SpanKind, StatusCode

from botobs._sdk.instrument.base import Instrumentation
from botobs._sdk.instrument.runtime.threads import Threads
from botobs._sdk.instrument.web.httpx import HttpxInstrumentation
from botobs._sdk.instrument.web.requests import RequestsInstrumentation
from testbed.http_server import serving
from tests.support.telemetry import Recorder

SECRET = "secret-signature"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the status that the path names, and the caller's traceparent."""
        status = int(self.path.strip("/").partition("?")[0])
        body = self.headers.get("traceparent", "").encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


class Get(Protocol):
    def __call__(self, url: str) -> str:
        """The body that the server sent."""


class Client:
    """A client library: how it is watched, and how it gets a URL."""

    def __init__(self, instrumentation: type[Instrumentation], get: Get) -> None:
        self.instrumentation = instrumentation
        self.get = get


@contextmanager
def requests_client() -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(RequestsInstrumentation, lambda url: session.get(url).text)


@contextmanager
def httpx_client() -> Iterator[Client]:
    with httpx.Client(follow_redirects=True) as client:
        yield Client(HttpxInstrumentation, lambda url: client.get(url).text)


@contextmanager
def httpx_async_client() -> Iterator[Client]:
    async def get(client: httpx.AsyncClient, url: str) -> str:
        return (await client.get(url)).text

    with asyncio.Runner() as runner:
        client = httpx.AsyncClient(follow_redirects=True)
        yield Client(HttpxInstrumentation, lambda url: runner.run(get(client, url), context=copy_context()))
        runner.run(client.aclose())


@pytest.fixture(params=[requests_client, httpx_client, httpx_async_client], ids=lambda make: make.__name__)
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client that was made before anything was watched."""
    with request.param() as client:
        yield client


@pytest.fixture
def server() -> Iterator[str]:
    """`host:port` of a server on the loopback."""
    with serving(Handler) as server:
        yield f"127.0.0.1:{server.server_port}"


def test_a_request_is_one_span_that_the_server_can_continue(
    recorder: Recorder, client: Client, server: str
) -> None:
    with recorder.watching(client.instrumentation()):
        traceparent = client.get(f"http://user:{SECRET}@{server}/200?signature={SECRET}")
    (span,) = recorder.spans()
    port = int(server.partition(":")[2])
    assert span.context is not None
    assert recorder.exemplars("http.client.request.duration") == [
        (span.context.trace_id, span.context.span_id)
    ]
    assert (span.name, span.kind) == ("GET", SpanKind.CLIENT)
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.full": f"http://{server}/200",
    }
    assert traceparent.split("-")[1:3] == [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"]
    assert (
        recorder.value("http.client.request.duration", http__response__status_code=200, server__port=port)
        == 1
    )
    assert SECRET not in recorder.everything()


def test_an_error_answer_is_an_error(recorder: Recorder, client: Client, server: str) -> None:
    with recorder.watching(client.instrumentation()):
        client.get(f"http://{server}/503")
    (span,) = recorder.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert recorder.value("http.client.request.duration", error__type="503") == 1


def test_a_failure_is_counted_and_tells_no_url(recorder: Recorder, client: Client, free_port: int) -> None:
    with recorder.watching(client.instrumentation()), pytest.raises(Exception, match=r"refused|failed"):
        client.get(f"http://127.0.0.1:{free_port}/order?signature={SECRET}")
    (span,) = recorder.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description in ("ConnectionError", "ConnectError")
    assert recorder.value("http.client.request.duration", error__type=span.status.description) == 1
    assert SECRET not in recorder.everything()


def test_a_request_that_is_given_up_did_not_fail(recorder: Recorder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:

        async def give_up() -> None:
            async with httpx.AsyncClient() as client:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await client.get(f"http://127.0.0.1:{silent.getsockname()[1]}/")

        with recorder.watching(HttpxInstrumentation()):
            asyncio.run(give_up())
    (span,) = recorder.spans()
    assert span.status.status_code is StatusCode.UNSET
    ((attributes, count),) = recorder.points("http.client.request.duration")
    assert ("error.type" in attributes, count) == (False, 1)


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_a_service_that_instruments_a_library_itself_gets_one_span(
    recorder: Recorder, client: Client, server: str, first: str
) -> None:
    theirs = (HTTPXClientInstrumentor(), RequestsInstrumentor())
    providers = {
        "tracer_provider": recorder.telemetry.tracer_provider,
        "meter_provider": recorder.telemetry.meter_provider,
    }

    def instrument() -> None:
        for each in theirs:
            each.instrument(**providers)

    if first == "theirs":
        instrument()
    with recorder.watching(client.instrumentation()):
        if first == "ours":
            instrument()
        try:
            client.get(f"http://{server}/200")
        finally:
            for each in theirs:
                each.uninstrument()
    (span,) = recorder.spans()
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name.startswith("opentelemetry.instrumentation.")


def test_a_client_that_the_service_instruments_itself_makes_one_span(recorder: Recorder, server: str) -> None:
    with recorder.watching(HttpxInstrumentation()), httpx.Client() as client, httpx.Client() as other:
        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=recorder.telemetry.tracer_provider)
        client.get(f"http://{server}/200")
        other.get(f"http://{server}/200")
    assert len(recorder.spans()) == 2


def test_a_thread_that_a_hook_starts_is_not_silent(recorder: Recorder, server: str) -> None:
    threads: list[Thread] = []

    def get() -> None:
        requests.get(f"http://{server}/200", timeout=5)

    def hook(*_args: object, **_kwargs: object) -> None:
        threads.append(Thread(target=get))
        threads[0].start()

    with recorder.watching(RequestsInstrumentation()), recorder.watching(Threads()):
        requests.get(f"http://{server}/200", hooks={"response": hook}, timeout=5)
        threads[0].join()
    assert recorder.names() == ["GET", "GET"]


def test_suppression_is_honoured(recorder: Recorder, client: Client, server: str) -> None:
    with recorder.watching(client.instrumentation()), suppress_http_instrumentation():
        assert client.get(f"http://{server}/200") == ""
    assert recorder.spans() == []


def test_installing_again_and_taking_away(recorder: Recorder, client: Client, server: str) -> None:
    for _ in range(2):
        with recorder.watching(client.instrumentation()):
            client.get(f"http://{server}/200")
        client.get(f"http://{server}/200")
    assert recorder.names() == ["GET", "GET"]


def test_redirects(recorder: Recorder, client: Client, server: str) -> None:
    with recorder.watching(client.instrumentation()):
        client.get(f"http://{server}/302")
    statuses = [(span.attributes or {})["http.response.status_code"] for span in recorder.spans()]
    # httpx follows them above its transports: each hop is a request of its own.
    assert statuses == ([200] if client.instrumentation is RequestsInstrumentation else [302, 200])
