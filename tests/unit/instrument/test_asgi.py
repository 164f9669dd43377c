"""FastAPI on a real server: what upstream's middleware is told by botobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from fastapi import BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from opentelemetry.instrumentation import asgi
from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability as Stability
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics.export import HistogramDataPoint
from opentelemetry.trace import SpanKind

from botobs._sdk.instrument.stable_names import OPT_IN
from botobs._sdk.instrument.web.asgi import AsgiInstrumentation
from botobs.semconv import http as semconv
from tests.support.telemetry import Recorder
from tests.support.waiting import until

pytestmark = pytest.mark.slow

_BACKGROUND_S = 0.5


@pytest.fixture(autouse=True)
def _stable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `botobs.init` decides it, once in a process."""
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", OPT_IN)
    monkeypatch.setattr(Stability, "_initialized", False)
    monkeypatch.setattr(Stability, "_OTEL_SEMCONV_STABILITY_SIGNAL_MAPPING", {})


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/orders/{order_id}")
    async def order(order_id: int) -> dict[str, int]:
        if order_id < 0:
            raise HTTPException(404)
        return {"order": order_id}

    @app.get("/stream/{kind}")
    async def stream(kind: str) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"data: 1\n\n"
                await asyncio.sleep(_BACKGROUND_S / 20)

        media = "text/event-stream" if kind == "events" else "application/json"
        return StreamingResponse(chunks(), media_type=media)

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(asyncio.sleep, _BACKGROUND_S)
        return "later"

    @app.get("/fail")
    async def fail() -> None:
        raise ValueError("secret-value")

    @app.websocket("/ws/{answer}")
    async def websocket(socket: WebSocket, answer: str) -> None:
        if answer == "refuse":
            await socket.close()
            return
        if answer == "fail":
            raise ValueError("secret-value")
        await socket.accept()
        for _ in range(20):
            await socket.send_text(await socket.receive_text())
        await socket.close()

    return app


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """`host:port` of a real server of `app`."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="websockets-sansio")
    )
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


def instrumented(recorder: Recorder, **options: Any) -> FastAPI:
    app = application()
    providers = recorder.telemetry
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=providers.tracer_provider,
        meter_provider=providers.meter_provider,
        **options,
    )
    return app


@pytest.fixture
def watched(recorder: Recorder) -> Any:
    with recorder.watching(AsgiInstrumentation()):
        yield recorder


def durations(recorder: Recorder, metric: str) -> list[tuple[dict[str, Any], float, int]]:
    """Attributes, sum in seconds, and count of each point, whichever meter it is of."""
    data = recorder._metrics.get_metrics_data()
    return [
        (dict(point.attributes or {}), point.sum, point.count)
        for resource in (data.resource_metrics if data else [])
        for scope in resource.scope_metrics
        for sent in scope.metrics
        if sent.name == metric
        for point in sent.data.data_points
        if isinstance(point, HistogramDataPoint)
    ]


async def get(app: FastAPI, path: str) -> httpx.Response:
    async with serving(app) as address, httpx.AsyncClient() as client:
        return await client.get(f"http://{address}{path}")


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/orders/1", "/orders/-1", "/stream/json", "/stream/events", "/background"])
async def test_a_request_is_one_span(watched: Recorder, path: str) -> None:
    response = await get(instrumented(watched), path)
    await until(lambda: watched.spans())
    server = [span for span in watched.spans() if span.kind is SpanKind.SERVER]
    assert len(server) == 1
    assert (server[0].attributes or {})["http.response.status_code"] == response.status_code
    assert [name for name in watched.names() if "http send" in name or "receive" in name] == []


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/stream/json", "/stream/events", "/background"])
async def test_a_duration_is_that_of_the_answer(watched: Recorder, path: str) -> None:
    await get(instrumented(watched), path)
    ((attributes, seconds, count),) = durations(watched, semconv.SERVER_REQUEST_DURATION.name)
    assert (attributes["http.route"], count) == (
        path.replace("json", "{kind}").replace("events", "{kind}"),
        1,
    )
    assert seconds < _BACKGROUND_S / 2
    streams = durations(watched, semconv.SERVER_STREAM_DURATION.name)
    if path == "/background":
        assert streams == []
    else:
        ((attributes, seconds, count),) = streams
        assert (attributes["http.route"], attributes["network.protocol.name"]) == ("/stream/{kind}", "http")
        assert seconds >= _BACKGROUND_S * 0.9


@pytest.mark.asyncio
async def test_an_event_streams_span_ends_when_it_has_begun(watched: Recorder) -> None:
    await get(instrumented(watched), "/stream/events")
    (span,) = (span for span in watched.spans() if span.kind is SpanKind.SERVER)
    assert span.end_time and span.start_time and span.end_time - span.start_time < _BACKGROUND_S / 2 * 1e9


@pytest.mark.asyncio
async def test_a_websocket_is_its_handshake_and_a_stream(watched: Recorder) -> None:
    async with (
        serving(instrumented(watched)) as address,
        websockets.connect(f"ws://{address}/ws/accept") as socket,
    ):
        # Open, and its request is over.
        await until(lambda: watched.spans())
        for number in range(20):
            await socket.send(str(number))
            assert await socket.recv() == str(number)
        await socket.wait_closed()
    (span,) = watched.spans()
    assert (span.kind, (span.attributes or {})["http.response.status_code"]) == (SpanKind.SERVER, 101)
    expected = {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/ws/{answer}",
        "http.response.status_code": 101,
    }
    ((attributes, _, count),) = durations(watched, semconv.SERVER_REQUEST_DURATION.name)
    assert (attributes, count) == (expected, 1)
    ((attributes, _, count),) = durations(watched, semconv.SERVER_STREAM_DURATION.name)
    assert (attributes, count) == ({**expected, "network.protocol.name": "websocket"}, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize(("path", "status", "error"), [("refuse", 403, None), ("fail", 500, "ValueError")])
async def test_a_handshake_that_fails_is_a_request(
    watched: Recorder, path: str, status: int, error: str | None
) -> None:
    async with serving(instrumented(watched)) as address:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"ws://{address}/ws/{path}")
    ((attributes, _, count),) = durations(watched, semconv.SERVER_REQUEST_DURATION.name)
    assert (attributes["http.response.status_code"], attributes.get("error.type"), count) == (
        status,
        error,
        1,
    )
    assert durations(watched, semconv.SERVER_STREAM_DURATION.name) == []
    assert len(watched.spans()) == 1


@pytest.mark.asyncio
async def test_a_middleware_that_stands_twice_makes_one_span(watched: Recorder) -> None:
    app = instrumented(watched)
    providers = watched.telemetry
    app.add_middleware(
        OpenTelemetryMiddleware,
        tracer_provider=providers.tracer_provider,
        meter_provider=providers.meter_provider,
    )
    await get(app, "/orders/1")
    assert [span.name for span in watched.spans()] == ["GET /orders/{order_id}"]
    assert [count for *_, count in durations(watched, semconv.SERVER_REQUEST_DURATION.name)] == [1]


@pytest.mark.asyncio
async def test_hooks_of_the_service_are_called(watched: Recorder) -> None:
    seen: list[str] = []
    hooks: dict[str, Callable[..., None]] = {
        "server_request_hook": lambda _span, scope: seen.append(scope["type"]),
        "client_response_hook": lambda _span, _scope, message: seen.append(message["type"]),
    }
    await get(instrumented(watched, **hooks), "/orders/1")
    assert seen == ["http", "http.response.start", "http.response.body"]


async def call(app: Any, **scope: Any) -> list[int]:
    """Call an application as a server does; the statuses that it has sent."""
    sent: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    request = {"type": "http", "method": "GET", "path": "/orders/1", "headers": [], "query_string": b""}
    await app(request | scope, receive, send)
    return sent


@pytest.mark.asyncio
async def test_a_query_that_is_no_text_is_answered_and_seen(watched: Recorder) -> None:
    assert await call(instrumented(watched), query_string=b"a=\xff") == [200]
    assert watched.names() == ["GET /orders/{order_id}"]


@pytest.mark.asyncio
async def test_what_the_middleware_cannot_read_is_answered(watched: Recorder) -> None:
    assert await call(application(), client=("x",)) == [200]
    assert await call(instrumented(watched), client=("x",)) == [200]


@pytest.mark.asyncio
async def test_an_error_of_the_application_stays_its_own(
    watched: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = instrumented(watched)
    with pytest.raises(ValueError, match="secret-value") as raised:
        await call(app, path="/fail")
    assert raised.value.__context__ is None
    # The middleware's own, once the application has raised.
    monkeypatch.setattr(asgi, "_collect_target_attribute", lambda _: 1 / 0)
    with pytest.raises(ValueError, match="secret-value") as raised:
        await call(app, path="/fail")
    assert raised.value.__context__ is None
    assert await call(app) == [200]


@pytest.mark.asyncio
async def test_it_is_as_before_afterwards(recorder: Recorder) -> None:
    with recorder.watching(AsgiInstrumentation()):
        pass
    await get(instrumented(recorder), "/orders/1")
    assert "GET /orders/{order_id} http send" in recorder.names()
