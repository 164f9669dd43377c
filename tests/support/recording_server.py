"""A loopback server that keeps every request as it came over the wire, and answers well, badly or not at all."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

#: Names under which exchanges expect what only the holder of a key can make.
_SIGNED = re.compile(
    r"(?i)\b[\w-]*(?:sign|signature|signer|sig|hmac|mac|secret|jwt|token|auth|passphrase|api-?_?key|apikey|access-?key)"
    r"[\w-]*\b[\"']?\s*[:=]"
)
#: Values that everybody may know: what the protocol and the client library put into each request.
_COMMON_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
) | {
    "user-agent",
    "x-api-broker",
    "origin",
    "sec-websocket-key",
}
#: The path of an endpoint; exchanges sign it along and repeat it in bodies.
_ENDPOINT = re.compile(r"/?[a-z0-9_\-]+(/[a-z0-9_\-]+)+")
_VALUE = re.compile(r"[A-Za-z0-9+/=_\-.]{20,}")


@dataclass(frozen=True)
class Heard:
    """One request.

    Attributes:
        path: With its query.
        headers: By name, lower case.
        body: As text.
    """

    path: str
    headers: dict[str, str]
    body: str

    @property
    def signed(self) -> bool:
        """Whether it holds a signature, a key or a token."""
        lines = [f"{name}: {value}" for name, value in self.headers.items() if name not in _COMMON_HEADERS]
        return bool(_SIGNED.search("\n".join([self.path, self.body, *lines])))

    @property
    def secrets(self) -> set[str]:
        """What may not be repeated: long values of the query, of the unusual headers and of the body."""
        query = self.path.partition("?")[2]
        unusual = [value for name, value in self.headers.items() if name not in _COMMON_HEADERS]
        texts = [query, unquote_plus(query), self.body, unquote_plus(self.body), *unusual]
        found = {value for text in texts for value in _VALUE.findall(text)}
        # Names of endpoints are no secrets, and neither is anything without a digit: words of the interface.
        path = self.path.partition("?")[0]
        return {
            value
            for value in found
            if value not in path and any(map(str.isdigit, value)) and not _ENDPOINT.fullmatch(value)
        }


class RecordingServer:
    """Listens on a free port. The first part of a path says how to answer: `ok`, `error` or `cut`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.heard = self.heard  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens: `host:port`."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Listen no longer, and wait for the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Answers in one packet: two of them wait for the client's delayed acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append(Heard(self.path, headers, body))  # type: ignore[attr-defined]
        kind = self.path.split("/")[1]
        if kind == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        # An answer that repeats what it was asked is the worst that an exchange can do to an error's message.
        answer = (
            "{}"
            if kind == "ok"
            else f'{{"code": -1, "error": "E", "msg": "bad request {self.path} {body[:500]!r}"}}'
        )
        payload = answer.replace("\\", "").encode()
        self.send_response(200 if kind == "ok" else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: requests are kept."""
