"""An OTLP receiver on loopback: HTTP with protobuf or JSON, gzip, and TLS where the stack's address has it."""

from __future__ import annotations

import hmac
import http
import logging
import socket
import sqlite3
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from . import otlp
from .store import Store, Watcher

logger = logging.getLogger(__name__)

#: Bytes of a request before compression; as many as our collector takes, to which it is handed over one day.
MAX_REQUEST_BYTES = 16 * 2**20
#: Seconds that a connection may be idle.
_IDLE = 120.0
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"


class Receiver:
    """Takes requests into a store from `start` to `stop`.

    Args:
        store: Where they are kept.
        port: To listen on, at 127.0.0.1; 0 for any that is free.
        path: What comes before `/v1/traces` in the address: a secret that clients must know.
        tokens: The bearer tokens that are let in; None for everybody.
        tls: Certificate and key, for https.
        watch: Called with the signal and the request, after it has been kept.
        unkept: Called with the reason why a request cannot be kept; its sender is asked to try again.

    Attributes:
        busy: Seconds that were spent on requests, all together.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self,
        store: Store,
        port: int = 0,
        path: str = "",
        tokens: Callable[[], Collection[str]] | None = None,
        tls: ssl.SSLContext | None = None,
        watch: Watcher = lambda *_: None,
        unkept: Callable[[str], None] = lambda reason: logger.warning("a request cannot be kept: %s", reason),
    ) -> None:
        self.store = store
        self.path = path
        self.tokens = tokens
        self.watch = watch
        self.unkept = unkept
        self.busy = 0.0
        self._scheme = "https" if tls is not None else "http"
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        if tls is not None:
            # The handshake is for the connection's own thread: one that never comes would hold up the others.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="otlp-receiver",
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    @property
    def endpoint(self) -> str:
        """Its address, for `botobs.init(endpoint=…)`."""
        return f"{self._scheme}://127.0.0.1:{self.port}{self.path}"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; what is being received is kept and acknowledged first."""
        self._server.shutdown()
        self._thread.join()
        self._server.finish()
        self._server.server_close()

    def take(self, signal: str, request: Any) -> None:
        """Keep a request; called by the threads of the connections.

        Raises:
            sqlite3.Error: It cannot be kept.
        """
        began = time.perf_counter()
        added = self.store.add(signal, request)
        self.busy += time.perf_counter() - began
        if added:
            self.watch(signal, request)


class _Server(ThreadingHTTPServer):
    # Their ends are waited for: what they have received is kept.
    daemon_threads = False
    receiver: Receiver

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.stopping = False
        self._lock = threading.Lock()
        self._idle: set[socket.socket] = set()

    def finish(self) -> None:
        """Let every connection end after the request that it carries."""
        with self._lock:
            self.stopping = True
            for connection in self._idle:
                # What has arrived is still read, then its end. `SSLSocket.shutdown` would give up TLS.
                socket.socket.shutdown(connection, socket.SHUT_RD)

    def idle(self, connection: socket.socket) -> bool:
        """Note that a connection waits for a request; False if none is taken any more."""
        with self._lock:
            self._idle.add(connection)
            return not self.stopping

    def occupied(self, connection: socket.socket) -> None:
        """Note that a connection has a request."""
        with self._lock:
            self._idle.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # as the base class has it
        logger.debug("a connection of %s broke off", client_address, exc_info=True)


class _Refused(Exception):
    """A request is refused; carries the HTTP status of the response."""

    def __init__(self, status: http.HTTPStatus, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        if not self.server.idle(self.connection):
            self.close_connection = True
            return
        try:
            super().handle_one_request()
        finally:
            self.server.occupied(self.connection)

    def parse_request(self) -> bool:
        self.server.occupied(self.connection)
        return super().parse_request()

    def do_POST(self) -> None:
        try:
            signal, request = self._read()
            self.server.receiver.take(signal, request)
        except _Refused as refused:
            self._answer(refused.status, str(refused).encode(), "text/plain")
        except sqlite3.Error as error:
            self.server.receiver.unkept(str(error))
            self._answer(http.HTTPStatus.SERVICE_UNAVAILABLE, b"", "text/plain")
        else:
            kind = _JSON if self._kind() == _JSON else _PROTOBUF
            # An empty response says that all of it was accepted.
            self._answer(http.HTTPStatus.OK, b"{}" if kind == _JSON else b"", kind)

    def _read(self) -> tuple[str, Any]:
        receiver = self.server.receiver
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            raise _Refused(http.HTTPStatus.LENGTH_REQUIRED)
        if int(length) > MAX_REQUEST_BYTES:
            self.close_connection = True
            raise _Refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            raise _Refused(http.HTTPStatus.BAD_REQUEST, "the request broke off")
        folder, _, signal = urlsplit(self.path).path.rpartition("/")
        known = hmac.compare_digest(folder.encode(), f"{receiver.path}/v1".encode())
        if not known or signal not in otlp.REQUESTS:
            raise _Refused(http.HTTPStatus.NOT_FOUND)
        if receiver.tokens is not None and not _among(self._token(), receiver.tokens()):
            raise _Refused(http.HTTPStatus.UNAUTHORIZED)
        return signal, self._parse(signal, self._inflate(body))

    def _parse(self, signal: str, body: bytes) -> Any:
        kind = self._kind()
        # A page in a browser cannot send either header without a preflight request, which is not allowed here.
        if kind not in (_PROTOBUF, _JSON):
            raise _Refused(http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            return otlp.parse_json(signal, body) if kind == _JSON else otlp.parse(signal, body)
        except ValueError as error:
            raise _Refused(http.HTTPStatus.BAD_REQUEST, str(error)) from None

    def _inflate(self, body: bytes) -> bytes:
        encoding = self.headers.get("Content-Encoding", "identity").lower()
        if encoding == "identity":
            return body
        if encoding != "gzip":
            raise _Refused(http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        inflate = zlib.decompressobj(wbits=31)
        try:
            content = inflate.decompress(body, MAX_REQUEST_BYTES + 1)
        except zlib.error as error:
            raise _Refused(http.HTTPStatus.BAD_REQUEST, f"no gzip: {error}") from None
        if len(content) > MAX_REQUEST_BYTES:
            raise _Refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not inflate.eof:
            raise _Refused(http.HTTPStatus.BAD_REQUEST, "the gzip broke off")
        return content

    def _kind(self) -> str:
        return str(self.headers.get_content_type())

    def _token(self) -> str:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""

    def _answer(self, status: http.HTTPStatus, body: bytes, kind: str) -> None:
        if self.server.stopping:
            self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # the base class calls it so
        """Log nothing: the terminal belongs to the monitored program."""


def _among(token: str, known: Collection[str]) -> bool:
    return any(hmac.compare_digest(token.encode(), each.encode()) for each in known)
