"""Serves the report and the runbooks on the loopback, to every client that knows the secret address."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import threading
import time
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from ..home import state
from ..home.home import Home
from ..home.private import read_secret, write_secret
from ..settings.values import gather
from ..stack import StackError
from . import make, pages
from .gather import Report
from .page import blocks, page

_COOKIE = "botobs"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server:
    """The page at `/<token>/`, and what changes in it at `/<token>/blocks.json`; all else is forbidden.

    A browser that has opened it once has a cookie, with which the links of messages open: `/runbooks/<alert>`, and
    `/silences/<alert>`, which says how. The token is the home's, so that they go on opening after a restart.

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
        self._token = _token(running.home)
        self._hosts = {"127.0.0.1", "localhost"}
        if console := urlsplit(gather(running.home).texts.get("BOTOBS_CONSOLE_URL", "")).netloc:
            self._hosts.add(console)
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
        """The address of the page, with the token."""
        return f"http://127.0.0.1:{self._http.server_port}/{self._token}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.server_close()

    def serve_forever(self) -> None:
        """Serve requests until `stop`."""
        self._http.serve_forever()

    def stop(self) -> None:
        """End `serve_forever`; call it from another thread."""
        self._http.shutdown()

    @property
    def cookie(self) -> str:
        """What lets a browser in again; a link in a mail must carry it too, so that it is not `Strict`."""
        return f"{_COOKIE}={self._token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"

    def answer(self, path: str, host: str, cookies: str = "") -> tuple[int, str, str]:
        """Status, content type and body for a request."""
        token, _, name = path.removeprefix("/").partition("/")
        if token in pages.KINDS:
            token, name = _cookie(cookies), f"{token}/{name}"
        # Another site that resolves its name to the loopback must not get in even with a token.
        known = host in self._hosts or host.rpartition(":")[0] in self._hosts
        if not known or not hmac.compare_digest(token.encode(), self._token.encode()):
            return 403, "text/plain", "forbidden: open the address that botobs report --serve printed, once\n"
        kind, _, alert = name.partition("/")
        if kind in pages.KINDS:
            try:
                return 200, "text/html", pages.make(kind, unquote(alert), self._running)
            except StackError as error:
                return 404, "text/plain", f"{error}\n"
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


def _token(home: Home) -> str:
    path = home.secrets / "console.token"
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(24) + "\n")
    return read_secret(path)


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "botobs"
        sys_version = ""

        def do_GET(self) -> None:
            status, kind, body = server.answer(
                self.path, self.headers.get("Host", ""), self.headers.get("Cookie", "")
            )
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            if status == 200:
                self.send_header("Set-Cookie", server.cookie)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: their address holds the token."""

    return Handler
