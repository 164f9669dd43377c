from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry import baggage, trace
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor
from opentelemetry.instrumentation.utils import suppress_http_instrumentation
from opentelemetry.trace import SpanKind, StatusCode

from botobs._sdk.instrument.web.aiohttp_client import AiohttpClientInstrumentation
from botobs._sdk.instrument.web.aiohttp_server import AiohttpServerInstrumentation
from tests.support.telemetry import Recorder
from tests.support.waiting import until


async def take_turn(request: web.Request) -> web.Response:
    return web.json_response({"traceparent": request.headers.get("traceparent", "")})


async def refuse(_request: web.Request) -> web.Response:
    raise web.HTTPConflict


async def fail(_request: web.Request) -> web.Response:
    raise ValueError("secret-value")


async def fail_politely(_request: web.Request) -> web.Response:
    raise web.HTTPServiceUnavailable


async def websocket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str("hello")
    await socket.close()
    return socket


def application() -> web.Application:
    app = web.Application()
    app.router.add_post("/bots/{id}/turn", take_turn)
    app.router.add_get("/refuse", refuse)
    app.router.add_get("/fail", fail)
    app.router.add_get("/unavailable", fail_politely)
    app.router.add_get("/ws", websocket)
    admin = web.Application()
    admin.router.add_post("/pause/{id}", take_turn)
    app.add_subapp("/admin", admin)
    return app


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.asyncio
async def test_a_request_is_one_span_on_each_side_of_one_trace(recorder: Recorder) -> None:
    with recorder.watching(AiohttpClientInstrumentation()), recorder.watching(AiohttpServerInstrumentation()):
        async with serving(application()) as base, aiohttp.ClientSession() as session:
            url = base.replace("//", "//user:secret-password@") + "/bots/7/turn?signature=secret-signature"
            async with session.post(url) as response:
                answer = await response.json()
    server, client = recorder.spans()
    port = int(base.rpartition(":")[2])

    assert (server.name, server.kind) == ("POST /bots/{id}/turn", SpanKind.SERVER)
    assert (client.name, client.kind) == ("POST", SpanKind.CLIENT)
    assert server.context and client.context and server.parent
    assert server.context.trace_id == client.context.trace_id
    assert server.parent.span_id == client.context.span_id
    assert f"{client.context.span_id:016x}" in answer["traceparent"]
    assert client.attributes is not None and server.attributes is not None
    assert client.attributes["url.full"] == f"{base}/bots/7/turn"
    assert client.attributes["http.response.status_code"] == 200
    assert dict(server.attributes) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/bots/{id}/turn",
        "url.scheme": "http",
        "url.path": "/bots/7/turn",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": port,
        "client.address": "127.0.0.1",
        "user_agent.original": aiohttp.http.SERVER_SOFTWARE,
    }
    assert recorder.points("http.server.request.duration") == [
        (
            {
                "http.request.method": "POST",
                "url.scheme": "http",
                "http.response.status_code": 200,
                "http.route": "/bots/{id}/turn",
            },
            1,
        )
    ]
    assert (
        recorder.value("http.client.request.duration", server__port=port, http__request__method="POST") == 1
    )
    assert recorder.value("http.server.active_requests") == 0
    assert "secret" not in recorder.everything()


@pytest.mark.asyncio
async def test_sessions_and_applications_of_before_and_after(recorder: Recorder) -> None:
    async with serving(application()) as base, aiohttp.ClientSession() as session:
        for _ in range(2):
            with (
                recorder.watching(AiohttpClientInstrumentation()),
                recorder.watching(AiohttpServerInstrumentation()),
            ):
                async with session.post(f"{base}/bots/1/turn"):
                    pass
            async with session.post(f"{base}/bots/1/turn"):
                pass
    assert recorder.names() == ["POST /bots/{id}/turn", "POST"] * 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "status", "name", "error_type", "span_status"),
    [
        ("/refuse", 409, "GET /refuse", None, StatusCode.UNSET),
        ("/fail", 500, "GET /fail", "ValueError", StatusCode.ERROR),
        ("/unavailable", 503, "GET /unavailable", "503", StatusCode.ERROR),
        ("/nowhere/secret-path", 404, "GET", None, StatusCode.UNSET),
    ],
)
async def test_how_requests_end(
    recorder: Recorder, path: str, status: int, name: str, error_type: str | None, span_status: StatusCode
) -> None:
    with recorder.watching(AiohttpServerInstrumentation()):
        async with (
            serving(application()) as base,
            aiohttp.ClientSession() as session,
            session.get(base + path) as got,
        ):
            assert got.status == status
    (span,) = recorder.spans()
    assert span.attributes is not None
    assert (span.name, span.status.status_code) == (name, span_status)
    assert span.attributes["http.response.status_code"] == status
    assert span.attributes.get("error.type") == error_type
    ((attributes, _),) = recorder.points("http.server.request.duration")
    assert attributes.get("error.type") == error_type
    assert "secret-path" not in str(attributes)


@pytest.mark.asyncio
async def test_routes_of_sub_applications_are_named_in_full(recorder: Recorder) -> None:
    async with serving(application()) as base, aiohttp.ClientSession() as session:
        with recorder.watching(AiohttpServerInstrumentation()):
            await session.post(f"{base}/admin/pause/3")
    assert recorder.names() == ["POST /admin/pause/{id}"]


@pytest.mark.asyncio
async def test_a_file_has_the_status_that_it_was_sent_with(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("content")
    app = application()
    app.router.add_static("/files", tmp_path)
    with recorder.watching(AiohttpServerInstrumentation()):
        async with serving(app) as base, aiohttp.ClientSession() as session:
            for name, value in (("there", "0-"), ("there", "99-"), ("missing", "0-")):
                await session.get(f"{base}/files/{name}", headers={"Range": f"bytes={value}"})
    statuses = [(span.attributes or {})["http.response.status_code"] for span in recorder.spans()]
    assert statuses == [206, 416, 404]
    assert recorder.names() == ["GET /files"] * 3
    assert sum(count for _, count in recorder.points("http.server.request.duration")) == 3
    assert recorder.value("http.server.active_requests") == 0


@pytest.mark.asyncio
async def test_what_cannot_be_parsed_is_a_request(recorder: Recorder) -> None:
    with recorder.watching(AiohttpServerInstrumentation()):
        async with serving(application()) as base:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
            writer.write(b"GARBAGE / HTTP/1.1\r\n\r\n")
            assert b" 400 " in await reader.readline()
            writer.close()
    ((attributes, count),) = recorder.points("http.server.request.duration")
    assert (attributes["http.request.method"], attributes["http.response.status_code"]) == ("_OTHER", 400)
    assert (count, recorder.value("http.server.active_requests")) == (1, 0)


@pytest.mark.asyncio
async def test_a_client_that_goes_away_is_no_server_error(recorder: Recorder) -> None:
    started = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError("not reached")

    app = web.Application()
    app.router.add_get("/hang", hang)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    with recorder.watching(AiohttpServerInstrumentation()):
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            request = asyncio.create_task(session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/hang"))
            await started.wait()
            assert recorder.value("http.server.active_requests") == 1
            request.cancel()
            await asyncio.wait([request])
        await until(recorder.spans)
        await runner.cleanup()
    (span,) = recorder.spans()
    assert span.status.status_code is StatusCode.UNSET
    assert "error.type" not in (span.attributes or {})
    ((attributes, count),) = recorder.points("http.server.request.duration")
    assert ("error.type" in attributes, count) == (False, 1)
    assert recorder.value("http.server.active_requests") == 0


@pytest.mark.asyncio
async def test_a_request_that_is_given_up_did_not_fail(recorder: Recorder) -> None:
    over = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/hang", hang)
    with recorder.watching(AiohttpClientInstrumentation()):
        async with serving(app) as base, aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await session.get(f"{base}/hang")
            (span,) = recorder.spans()
            assert span.status.status_code is StatusCode.UNSET
            assert list(span.events) == []
            ((attributes, count),) = recorder.points("http.client.request.duration")
            assert ("error.type" in attributes, count) == (False, 1)
            # The session's own limit is a failure.
            with pytest.raises(TimeoutError):
                await session.get(f"{base}/hang", timeout=aiohttp.ClientTimeout(total=0.1))
            over.set()
    assert recorder.spans()[-1].status.status_code is StatusCode.ERROR


@pytest.mark.asyncio
async def test_an_unreachable_server_fails_the_client_span(recorder: Recorder, free_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        with recorder.watching(AiohttpClientInstrumentation()), pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://127.0.0.1:{free_port}/x?token=secret")
    (span,) = recorder.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert recorder.value("http.client.request.duration", error__type="ClientConnectorError") == 1
    assert "secret" not in recorder.everything()


@pytest.mark.asyncio
@pytest.mark.parametrize("call", ["get", "ws_connect"])
async def test_suppression_is_honoured_and_nothing_is_propagated(recorder: Recorder, call: str) -> None:
    with recorder.watching(AiohttpClientInstrumentation()):
        async with serving(application()) as base, aiohttp.ClientSession() as session:
            with suppress_http_instrumentation():
                if call == "get":
                    async with session.post(f"{base}/bots/1/turn") as response:
                        assert await response.json() == {"traceparent": ""}
                else:
                    async with session.ws_connect(f"{base}/ws") as socket:
                        assert await socket.receive_str() == "hello"
    assert recorder.spans() == []


STREAM = "botobs.http.server.stream.duration"


@pytest.mark.asyncio
async def test_a_websocket_is_its_handshake_and_a_stream(recorder: Recorder) -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            with recorder.telemetry.tracer("test").start_as_current_span("message"):
                await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/ws/{id}", echo)
    expected = {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/ws/{id}",
        "http.response.status_code": 101,
    }
    async with serving(app) as base, aiohttp.ClientSession() as session:
        with recorder.watching(AiohttpServerInstrumentation()):
            socket = await session.ws_connect(f"{base}/ws/7")
            # Open, and its request is over.
            await until(recorder.spans)
            assert recorder.value("http.server.active_requests") == 0
            assert recorder.points("http.server.request.duration") == [(expected, 1)]
            assert recorder.points(STREAM) == []
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
            await socket.close()
            await until(lambda: recorder.points(STREAM))
    assert recorder.points(STREAM) == [({**expected, "network.protocol.name": "websocket"}, 1)]
    assert recorder.points("http.server.request.duration") == [(expected, 1)]
    assert recorder.names() == ["GET /ws/{id}", "message"]


@pytest.mark.asyncio
async def test_a_handshake_that_fails_is_a_request(recorder: Recorder) -> None:
    async with serving(application()) as base, aiohttp.ClientSession() as session:
        with recorder.watching(AiohttpServerInstrumentation()):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{base}/fail")
            # What only asks for an upgrade is a request like any other.
            async with session.post(f"{base}/bots/1/turn", headers={"Upgrade": "websocket"}) as response:
                assert response.status == 200
    assert recorder.names() == ["GET /fail", "POST /bots/{id}/turn"]
    assert recorder.value("http.server.request.duration", http__response__status_code=500) == 1
    assert recorder.value("http.server.request.duration", http__response__status_code=200) == 1
    assert recorder.points(STREAM) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["text/event-stream", "application/octet-stream"])
@pytest.mark.parametrize("end", ["whole", "fails", "goes"])
async def test_a_stream_has_a_duration_of_its_own(recorder: Recorder, kind: str, end: str) -> None:
    over = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        await response.write(b"data: x\n\n")
        await over.wait()
        if end == "fails":
            raise ValueError("secret-value")
        while end == "goes":
            await response.write(b"data: x\n\n")
            await asyncio.sleep(0)
        return response

    app = web.Application()
    app.router.add_get("/stream", stream)
    async with serving(app) as base, aiohttp.ClientSession() as session:
        with recorder.watching(AiohttpServerInstrumentation()):
            response = await session.get(f"{base}/stream")
            await response.content.readany()
            # Sent in part, and its request is over.
            ((attributes, count),) = recorder.points("http.server.request.duration")
            assert (attributes["http.response.status_code"], count) == (200, 1)
            assert len(recorder.spans()) == (kind == "text/event-stream")
            if end == "goes":
                response.close()
            over.set()
            await until(lambda: recorder.points(STREAM))
            response.close()
    ((attributes, count),) = recorder.points(STREAM)
    assert attributes.get("error.type") == ("ValueError" if end == "fails" else None)
    assert (attributes["network.protocol.name"], attributes["http.response.status_code"]) == ("http", 200)
    assert recorder.value("http.server.request.duration") == 1
    assert recorder.value("http.server.active_requests") == 0
    (span,) = recorder.spans()
    failed = end == "fails" and kind != "text/event-stream"
    assert (span.status.status_code is StatusCode.ERROR) == failed


@pytest.mark.asyncio
@pytest.mark.filterwarnings("ignore:Inheritance class _InstrumentedApplication:DeprecationWarning")
@pytest.mark.parametrize("first", ["ours", "theirs"])
async def test_a_service_that_instruments_aiohttp_itself_gets_one_span_on_each_side(
    recorder: Recorder, first: str
) -> None:
    providers = {
        "tracer_provider": recorder.telemetry.tracer_provider,
        "meter_provider": recorder.telemetry.meter_provider,
    }
    theirs = (AioHttpServerInstrumentor(), AioHttpClientInstrumentor())

    def instrument() -> None:
        for each in theirs:
            each.instrument(**providers)

    if first == "theirs":
        instrument()
    with recorder.watching(AiohttpClientInstrumentation()), recorder.watching(AiohttpServerInstrumentation()):
        if first == "ours":
            instrument()
        try:
            async with serving(application()) as base, aiohttp.ClientSession() as session:
                await session.post(f"{base}/bots/1/turn")
        finally:
            for each in theirs:
                each.uninstrument()
    kinds = sorted(span.kind.name for span in recorder.spans())
    assert kinds == ["CLIENT", "SERVER"]


@pytest.mark.asyncio
async def test_a_session_keeps_the_trace_configurations_of_its_maker(recorder: Recorder) -> None:
    configs = [aiohttp.TraceConfig()]
    async with serving(application()) as base, aiohttp.ClientSession(trace_configs=configs) as session:
        with recorder.watching(AiohttpClientInstrumentation()):
            async with session.post(f"{base}/bots/1/turn"):
                pass
        assert session.trace_configs == configs
        assert len(configs) == 1


@pytest.mark.asyncio
async def test_requests_do_not_belong_to_the_trace_that_started_the_server(recorder: Recorder) -> None:
    with recorder.watching(AiohttpServerInstrumentation()):
        async with AsyncExitStack() as stack:
            with recorder.telemetry.tracer("test").start_as_current_span("start"):
                base = await stack.enter_async_context(serving(application()))
            async with aiohttp.ClientSession() as session, session.post(f"{base}/bots/1/turn"):
                pass
    start, request = recorder.spans()
    assert start.context and request.context
    assert request.parent is None
    assert request.context.trace_id != start.context.trace_id


@pytest.mark.asyncio
async def test_the_handler_runs_in_the_context_that_the_caller_sent(recorder: Recorder) -> None:
    seen: list[tuple[object, bool]] = []

    async def look(_request: web.Request) -> web.Response:
        seen.append((baggage.get_baggage("desk"), trace.get_current_span().is_recording()))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", look)
    with recorder.watching(AiohttpServerInstrumentation()):
        async with serving(app) as base, aiohttp.ClientSession() as session:
            await session.get(base, headers={"baggage": "desk=7"})
    assert seen == [("7", True)]
