"""HTTP and WebSocket clients and servers, all on the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import json
import logging
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.support.same.scene import Scene

# What they log has dates, ports and keys in it.
for _name in ("aiohttp.access", "httpcore", "urllib3", "websockets"):
    logging.getLogger(_name).setLevel(logging.WARNING)

#: Headers that libraries send on their own, or with a port or a version in them.
_SENT = ("x-mine", "content-type", "content-length", "authorization", "cookie")


class _Handler(BaseHTTPRequestHandler):
    """Answers with what it was sent; a path that is a number is the status."""

    protocol_version = "HTTP/1.1"
    opened: ClassVar[list[socket.socket]] = []

    def setup(self) -> None:
        super().setup()
        self.opened.append(self.connection)

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("latin-1")
        path = self.path.strip("/").partition("?")[0]
        if path == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        sent = {name.lower(): value for name, value in self.headers.items() if name.lower() in _SENT}
        answer = json.dumps([self.command, self.path, sent, body]).encode()
        self.send_response(int(path) if path.isdigit() else 200)
        if path == "302":
            self.send_header("Location", "/redirected")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Set-Cookie", "a=1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer

    def log_message(self, *_: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The same at any time, and so in what clients log of it."""
        return "Thu, 01 Jan 1970 00:00:00 GMT"


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, *_: Any) -> None:
        """A client that leaves in the middle of an answer is no news."""


@contextmanager
def _server() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        for connection in _Handler.opened:
            # What a client keeps open.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        _Handler.opened.clear()
        server.server_close()
        thread.join()


def _nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def standard_library(scene: Scene) -> Any:
    with _server() as url:
        with urllib.request.urlopen(
            urllib.request.Request(url + "/a?b=1", b"body", {"X-Mine": "1"})
        ) as response:
            scene.note(response.status, response.read())
        for path in ("/404", "/302", "/cut"):
            scene.attempt(functools.partial(_read, url + path))
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        connection.request("PUT", "/x", b"onetwo")
        scene.note(connection.getresponse().status)
        connection.close()
        connection.request("GET", "/again")
        scene.note(connection.getresponse().read())
        connection.close()
    scene.attempt(lambda: urllib.request.urlopen(_nobody()))
    scene.attempt(lambda: urllib.request.urlopen("nothing://x"))


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url) as response:
        return bytes(response.read())


def _status(pool: Any, url: str) -> Any:
    return pool.request("GET", url).status


def with_requests(scene: Scene) -> Any:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    with _server() as url, requests.Session() as session:
        session.headers["X-Mine"] = "1"
        session.hooks["response"].append(lambda response, **_: scene.note("hook", response.status_code))
        scene.note(session.post(url + "/a", params={"b": 1}, json={"c": 2}).json(), dict(session.cookies))
        scene.note([each.status_code for each in session.get(url + "/302").history])
        for path in ("/404", "/500"):
            scene.attempt(session.get(url + path).raise_for_status)
        scene.attempt(lambda: type(session.get(url + "/cut")))
        scene.note(b"".join(session.get(url + "/s", stream=True).iter_content(5))[:6])
        session.mount("http://", HTTPAdapter(max_retries=Retry(2, status_forcelist=[503], backoff_factor=0)))
        try:
            session.get(url + "/503")
        except requests.exceptions.RetryError as error:
            scene.note(type(error), type(error.args[0]))
        prepared = session.prepare_request(requests.Request("DELETE", url + "/p", auth=("user", "word")))
        scene.note(session.send(prepared).json(), sorted(prepared.headers))
    for address in (_nobody(), "nothing://x", "http://"):
        try:
            requests.get(address)
        except requests.RequestException as error:
            scene.note(type(error), type(error.args[0]), error.request.method if error.request else None)


def with_urllib3(scene: Scene) -> Any:
    import urllib3

    with _server() as url, urllib3.PoolManager(retries=False) as pool:
        response = pool.request("POST", url + "/a", body=b"x", headers={"X-Mine": "1"})
        scene.note(response.status, response.json())
        for path in ("/404", "/302", "/cut"):
            scene.attempt(functools.partial(_status, pool, url + path))
        response = pool.request("GET", url + "/s", preload_content=False)
        scene.note(response.read(3))
        response.release_conn()


def with_httpx(scene: Scene) -> Any:
    import httpx

    with _server() as url:
        hooks: Any = {
            "request": [lambda it: scene.note("request", it.method)],
            "response": [lambda it: scene.note("response", it.status_code)],
        }
        with httpx.Client(base_url=url, headers={"X-Mine": "1"}, event_hooks=hooks) as client:
            scene.note(
                client.post("/a", json={"b": 1}).json(), client.get("/302", follow_redirects=True).json()[1]
            )
            scene.attempt(lambda: client.get("/404").raise_for_status())
            scene.attempt(lambda: client.get("/cut"))
            with client.stream("GET", "/s") as response:
                scene.note(b"".join(response.iter_bytes(5))[:6])

        async def main() -> None:
            async with httpx.AsyncClient(base_url=url) as client:
                # One after the other: which of two is answered first is the network's business.
                scene.note([(await client.get(f"/{number}")).status_code for number in (200, 404)])
                try:
                    await client.get("/cut")
                except httpx.HTTPError as error:
                    scene.note(type(error), error.request.method)
                task = asyncio.create_task(client.get("/x"))
                await asyncio.sleep(0)
                task.cancel()
                scene.note(await asyncio.gather(task, return_exceptions=True))

        asyncio.run(main())
    scene.attempt(lambda: httpx.get(_nobody()))
    mocked = httpx.MockTransport(lambda request: httpx.Response(418, json={"path": request.url.path}))
    with httpx.Client(transport=mocked) as client:
        scene.note(client.get("http://mocked/tea").json())

    async def side_by_side() -> None:
        async with httpx.AsyncClient(transport=mocked) as client:
            found = await asyncio.gather(*(client.get(f"http://mocked/{name}") for name in ("tea", "coffee")))
            scene.note([each.json() for each in found])

    asyncio.run(side_by_side())


def with_aiohttp(scene: Scene) -> Any:
    import aiohttp

    async def main(url: str) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(_noting(scene, "start"))
        trace.on_request_end.append(_noting(scene, "end"))
        trace.on_request_exception.append(_noting(scene, "exception"))
        async with aiohttp.ClientSession(url, headers={"X-Mine": "1"}, trace_configs=[trace]) as session:
            async with session.post("/a", json={"b": 1}) as response:
                scene.note(response.status, await response.json(content_type=None))
            async with session.get("/302") as response:
                scene.note(response.status, len(response.history))
            for path, options in (
                ("/404", {"raise_for_status": True}),
                ("/cut", {}),
                ("/x", {"timeout": "wrong"}),
            ):
                try:
                    await session.get(path, **options)
                except Exception as error:
                    scene.note(type(error), str(error)[:20])
            task = asyncio.create_task(session.get("/x"))
            await asyncio.sleep(0)
            task.cancel()
            scene.note(await asyncio.gather(task, return_exceptions=True))
            scene.note(len(asyncio.all_tasks()))
        scene.attempt(lambda: session.closed)

    with _server() as url:
        asyncio.run(main(url))


def _noting(scene: Scene, name: str) -> Any:
    async def note(_session: Any, context: Any, parameters: Any) -> None:
        scene.note(name, type(context).__name__, parameters.method)

    return note


def aiohttp_server(scene: Scene) -> Any:
    import aiohttp
    from aiohttp import web

    async def order(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if number == 0:
            raise web.HTTPNotFound(text="none")
        return web.json_response({"number": 10 // (number - 1)})

    async def socket_of(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            await answer.send_str(message.data.upper())
        scene.note("left", answer.close_code)
        return answer

    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for number in range(3):
            await answer.write(str(number).encode())
        return answer

    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> Any:
        try:
            return await handler(request)
        except web.HTTPException as error:
            scene.note("middleware", error.status)
            raise

    async def main() -> None:
        app = web.Application(middlewares=[middleware])
        app.add_routes(
            [web.get("/order/{number}", order), web.get("/socket", socket_of), web.get("/stream", stream)]
        )
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(url) as session:
            for path in ("/order/3", "/order/0", "/order/1", "/order/x", "/nowhere", "/stream"):
                async with session.get(path) as response:
                    scene.note(path, response.status, await response.text())
            async with session.ws_connect("/socket") as connection:
                await connection.send_str("hello")
                scene.note((await connection.receive()).data)
            try:
                await session.ws_connect("/stream")
            except aiohttp.WSServerHandshakeError as error:
                scene.note(error.status)
        await runner.cleanup()

    return asyncio.run(main())


def fastapi_application(scene: Scene) -> Any:
    from fastapi import BackgroundTasks, FastAPI, HTTPException, WebSocket
    from fastapi.responses import StreamingResponse
    from fastapi.testclient import TestClient

    app = FastAPI()

    @app.get("/order/{number}")
    def order(number: int, tasks: BackgroundTasks) -> dict[str, float]:
        tasks.add_task(scene.note, "background", number)
        if number == 0:
            raise HTTPException(404, "none")
        return {"number": 10 / (number - 1)}

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    @app.websocket("/socket")
    async def socket_of(connection: WebSocket) -> None:
        await connection.accept()
        await connection.send_text((await connection.receive_text()).upper())
        await connection.close()

    client = TestClient(app)
    for path in ("/order/3", "/order/0", "/order/x", "/stream", "/nowhere"):
        response = client.get(path)
        scene.note(path, response.status_code, response.text)
    scene.attempt(lambda: client.get("/order/1"))
    with client.websocket_connect("/socket") as connection:
        connection.send_text("hello")
        scene.note(connection.receive_text())
    scene.note([type(each).__name__ for each in app.user_middleware], len(app.routes))


def websockets_library(scene: Scene) -> Any:
    import websockets
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import serve
    from websockets.sync.client import connect as connect_sync

    async def echo(connection: Any) -> None:
        async for message in connection:
            if message == "leave":
                await connection.close(4000, "left")
                return
            await connection.send(message)

    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connect(url) as connection:
                await connection.send("hello")
                scene.note(await connection.recv(), await (await connection.ping()) >= 0)
                await connection.send("leave")
                try:
                    await connection.recv()
                except websockets.ConnectionClosed as error:
                    scene.note(error)
            scene.note(connection.close_code)
            scene.note(await asyncio.to_thread(_sync, connect_sync, url))
        try:
            await connect("ws://127.0.0.1:1/").__aenter__()
        except OSError as error:
            scene.note(type(error))

    return asyncio.run(main())


def _sync(connect: Any, url: str) -> Any:
    with connect(url) as connection:
        connection.send("sync")
        return connection.recv()


def exchange_client(scene: Scene) -> Any:
    """ccxt against a server that answers as no exchange does."""
    import ccxt

    with _server() as url:
        client = ccxt.binance(
            {
                "urls": {"api": {"public": url + "/404", "private": url + "/500"}},
                "enableRateLimit": False,
                "apiKey": "key",
                "secret": "secret",
                "timeout": 5000,
            }
        )
        # It signs the time, and logs the signature.
        client.milliseconds = lambda: 1_700_000_000_000
        client.urls["api"] = dict.fromkeys(client.urls["api"], url + "/404")
        for action in (
            client.fetch_time,
            lambda: client.fetch_ticker("BTC/USDT"),
            lambda: client.create_order("a", "b", "c", 1),
        ):
            try:
                action()
            except Exception as error:
                scene.note(type(error), [type(each) for each in error.args])
        scene.attempt(lambda: client.number_to_string(1e-7))
