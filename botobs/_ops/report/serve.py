"""Serves the report on the loopback, to whoever has its address."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from ..home import state
from ..stack import StackError
from . import make
from .gather import Report
from .page import blocks, page

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server:
    """The page at `/<token>/`, and what changes in it at `/<token>/blocks.json`; all else is forbidden.

    Args:
        running: The stack.
        seconds: How far to look back.
        port: 0 for a free one.
        refresh: Seconds between two looks at the backends; several open pages share one.

    Raises:
        StackError: The port is taken.
    """

    def __init__(self, running: state.Running, seconds: float, port: int = 0, refresh: int = 15) -> None:
        self._running = running
        self._seconds = seconds
        self._refresh = refresh
        self._token = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._made: tuple[float, Report] | None = None
        try:
            self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except OSError as error:
            raise StackError(
                f"--port: {port} cannot be used: {error.strerror}", "Leave it out for a free one."
            ) from None
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Address with the token."""
        return f"http://127.0.0.1:{self._http.server_port}/{self._token}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.server_close()

    def serve_forever(self) -> None:
        """Answer until `stop`."""
        self._http.serve_forever()

    def stop(self) -> None:
        """End `serve_forever`; call it from another thread."""
        self._http.shutdown()

    def answer(self, path: str, host: str) -> tuple[int, str, str]:
        """Status, content type and body for a request."""
        token, _, name = path.removeprefix("/").partition("/")
        # Another site that resolves its name to the loopback must not get in even with a token.
        known = host in {f"{name}:{self._http.server_port}" for name in ("127.0.0.1", "localhost")}
        if not known or not hmac.compare_digest(token.encode(), self._token.encode()):
            return 403, "text/plain", "forbidden: open the address that botobs report --serve printed\n"
        if name == "":
            return 200, "text/html", page(self._report(), self._refresh)
        if name == "blocks.json":
            return 200, "application/json", json.dumps(blocks(self._report()))
        return 404, "text/plain", "not found\n"

    def _report(self) -> Report:
        with self._lock:
            now = time.monotonic()
            if self._made is None or now - self._made[0] >= self._refresh / 2:
                self._made = now, asyncio.run(make(self._running, self._seconds))
            return self._made[1]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "botobs"
        sys_version = ""

        def do_GET(self) -> None:
            status, kind, body = server.answer(self.path, self.headers.get("Host", ""))
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: their address holds the token."""

    return Handler
