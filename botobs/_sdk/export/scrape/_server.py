"""The HTTP server that Prometheus scrapes."""

from __future__ import annotations

import gzip
import hmac
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any

from opentelemetry import context
from prometheus_client.exposition import choose_encoder

from ...context import exporting
from ...files import identity, read_small
from ...process import own_threads
from ...settings import read_token
from ...upstream import SUPPRESS_INSTRUMENTATION
from ._families import Families

#: Seconds that a client may take for each part of a request.
_PATIENCE = 10.0
#: Requests that are handled at the same time; Prometheus sends one at a time.
_AT_ONCE = 4


class _Lost(Exception):
    """The program has closed the descriptor that the server listens on."""


class ScrapeServer(ThreadingMixIn, HTTPServer):
    """Serves `/metrics`.

    Args:
        address: Host and port.
        collect: The metrics as an OTLP request; may raise.
        token_file: File with the bearer token that is asked for, read at each request.
        tls: Certificate and key, for HTTPS.

    Raises:
        OSError: The address cannot be used, or certificate or key cannot be read.
        ssl.SSLError: They are none, or do not belong together.
    """

    daemon_threads = True
    block_on_close = False
    # A port that another process listens on is taken, whatever the options of its socket.
    allow_reuse_port = False

    def __init__(
        self,
        address: tuple[str, int],
        collect: Callable[[], bytes],
        token_file: Path | None,
        tls: tuple[Path, Path] | None,
    ) -> None:
        self.collect = collect
        self._token_file = token_file
        self._tls = _context(*tls) if tls is not None else None
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)
        self._identity = identity(self.socket.fileno())

    def start(self) -> None:
        """Serve in a new thread."""
        own_threads.start(threading.Thread(target=self._serve, name="botobs-scrape", daemon=True).start)

    def _serve(self) -> None:
        context.attach(context.set_value(SUPPRESS_INSTRUMENTATION, True))
        exporting.set(True)
        with suppress(_Lost):
            self.serve_forever()

    def server_bind(self) -> None:
        """Bind; without asking a name server for this host's name, as the base class does."""
        super(HTTPServer, self).server_bind()

    def get_request(self) -> tuple[Any, Any]:
        """A new connection; TLS begins with the first bytes that its own thread reads."""
        self.service_actions()
        connection, client = super().get_request()
        connection.settimeout(_PATIENCE)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, client

    def service_actions(self) -> None:
        """End where the program has closed the socket: its number may be that of another one, whose clients wait."""
        if identity(self.socket.fileno()) != self._identity:
            self.socket.detach()
            raise _Lost

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Whether another connection is allowed."""
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a request in a new thread."""
        context.attach(context.set_value(SUPPRESS_INSTRUMENTATION, True))
        exporting.set(True)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away or speaks no HTTP is no business of the program's."""

    def allows(self, authorization: str | None) -> bool:
        """Whether a request brings the token; False while the token cannot be read."""
        if self._token_file is None:
            return True
        try:
            expected = f"Bearer {read_token(self._token_file)}"
        except (OSError, ValueError):
            return False
        return hmac.compare_digest(expected.encode(), (authorization or "").encode(errors="replace"))


class _Handler(BaseHTTPRequestHandler):
    server: ScrapeServer
    protocol_version = "HTTP/1.1"
    server_version = "botobs"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self._answer(404, b"")
        elif not self.server.allows(self.headers.get("Authorization")):
            self._answer(401, b"", {"WWW-Authenticate": "Bearer"})
        else:
            self._metrics()

    def _metrics(self) -> None:
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        try:
            body = encode(Families(self.server.collect()))
        except Exception:
            # Prometheus shows by `up` that the scrape failed.
            self._answer(500, b"")
            return
        headers = {"Content-Type": kind, "Vary": "Accept, Accept-Encoding"}
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        self._answer(200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The program's standard error is its own."""


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    for file in (certificate, key):
        # OpenSSL would wait forever for the other end of a pipe.
        read_small(file)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_cert_chain(certificate, key)
    return tls
