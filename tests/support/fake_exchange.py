"""A loopback exchange for client libraries in other processes: it answers as it is told, over HTTP and WebSockets.

A client's program tells it what to answer at `/_answers`, and drives its WebSockets at `/_sockets`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from cryptography import x509

from tests.support.certificates import self_signed


class FakeExchange:
    """Listens on free loopback ports, plain and with TLS.

    Attributes:
        url: Where it listens.
        tls_url: The same with TLS.
        authority: The file with the certificate that it shows.
        answers: What it answers, by method and the end of the path: `status`, `headers`, `body`, and `cut` for a
            connection that is cut before the answer.
        requests: What arrived: method, path with query, headers, body.
        sockets: The open WebSockets.
        frames: What arrived over them.
    """

    def __init__(self) -> None:
        self.url = ""
        self.tls_url = ""
        self.authority = ""
        self.answers: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.frames: list[str] = []
        self.replies: dict[str, str] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Respond to a request: those of tests, whose paths begin with `/_`, and those of exchange clients."""
        if request.path == "/_answers":
            self.answers = await request.json()
            return web.Response()
        if request.path == "/_sockets":
            return await self._drive(await request.json())
        if request.path == "/_seen":
            return web.json_response({"requests": self.requests, "frames": self.frames})
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        body = (await request.read()).decode()
        self.requests.append((request.method, request.path_qs, dict(request.headers), body))
        answer = self._answer(request.method, request.path, body)
        if answer.get("cut") and request.transport is not None:
            request.transport.abort()
        content = answer.get("body", {})
        return web.Response(
            status=answer.get("status", 200),
            headers=answer.get("headers"),
            text=content if isinstance(content, str) else json.dumps(content),
            content_type="application/json",
        )

    def _answer(self, method: str, path: str, body: str) -> dict[str, Any]:
        """The first entry whose key fits: `POST /path`, and after a space a text that the body must have."""
        for key, answer in self.answers.items():
            wanted_method, wanted_path, *wanted_body = key.split(" ", 2)
            if method == wanted_method and path.endswith(wanted_path) and all(w in body for w in wanted_body):
                return answer
        return {}

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=None)
        await socket.prepare(request)
        self.sockets.append(socket)
        for greeting in self.replies.get("", "").splitlines():
            await _send(socket, greeting)
        async for message in socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                text = message.data if isinstance(message.data, str) else message.data.decode("latin-1")
                self.frames.append(text)
                await self._reply(socket, text)
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def _reply(self, socket: web.WebSocketResponse, text: str) -> None:
        for part, reply in self.replies.items():
            if part and part in text:
                if "$" in reply:
                    decoded = json.loads(text)
                    for name in ("id", "req_id", "reqId"):
                        reply = reply.replace(f"${name}", str(decoded.get(name, "")))
                for line in reply.splitlines():
                    await _send(socket, line)

    async def _drive(self, order: dict[str, Any]) -> web.Response:
        if "replies" in order:
            self.replies = order["replies"]
        for text in order.get("send", ()):
            for socket in list(self.sockets):
                await _send(socket, text)
        for socket in list(self.sockets) if "close" in order else ():
            await socket.close(code=order["close"])
        if order.get("abort"):
            while self.sockets:
                gone = self.sockets.pop()
                transport = gone._req.transport if gone._req is not None else None
                if transport is not None:
                    transport.abort()
        return web.json_response({"open": len(self.sockets)})


async def _send(socket: web.WebSocketResponse, text: str) -> None:
    """Send a text, or after `hex:` bytes."""
    if text.startswith("hex:"):
        await socket.send_bytes(bytes.fromhex(text[4:]))
    else:
        await socket.send_str(text)


def server_tls(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A context with a certificate for `localhost` that has signed itself, and the file that it is in."""
    written = self_signed(folder, "server", "localhost", x509.DNSName("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*written)
    return context, str(written[0])


@contextmanager
def fake_exchange(certificate: ssl.SSLContext | None = None, authority: str = "") -> Iterator[FakeExchange]:
    """One that listens, in a thread with an event loop of its own."""
    fake, loop = FakeExchange(), asyncio.new_event_loop()
    fake.authority = authority
    started = threading.Event()

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", fake.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        if certificate is not None:
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate).start()
            fake.tls_url = f"https://localhost:{runner.addresses[1][1]}"
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait()
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
