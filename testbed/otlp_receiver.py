"""A real OTLP/HTTP receiver on a loopback socket: decodes what it gets, and can misbehave as collectors do."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Received:
    """One request as it arrived.

    Attributes:
        path: Such as `/v1/traces`.
        body: Decompressed.
        status: What was answered.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    connection: int


@dataclass
class Reply:
    """What the receiver responds with until it is changed.

    Attributes:
        status: HTTP status.
        headers: Further headers.
        delay: Seconds before the answer.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    body: bytes = b""


class OtlpReceiver:
    """Listens on a port of its own.

    Attributes:
        requests: All that came, in order.
        reply: How requests are answered; set it at any time.
        token: If set, requests without it are answered 401.
        limit: If set, requests with more bytes are answered 413.
        impatient: Whether 413 is answered, and the connection closed, before the request has been read.
        date: If set, the clock that answers show.
        hold: If set, requests wait for it and then get no answer; `holding` is set while one waits.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.requests: list[Received] = []
        self.reply = Reply()
        self.token: str | None = None
        self.limit: int | None = None
        self.impatient = False
        self.hold: threading.Event | None = None
        self.holding = False
        self.date: str | None = None
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls is not None else "http"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    @property
    def endpoint(self) -> str:
        """Its address, for `botobs.init(endpoint=…)`."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and cut every connection, as the end of a collector's process does."""
        self._server.shutdown()
        self._server.cut()
        self._server.server_close()
        self._thread.join()

    def cut(self) -> None:
        """Break all connections off, as a proxy does with those that are idle."""
        self._server.cut()

    def wait_for(self, condition: Callable[[], Any], timeout: float = 60.0) -> None:
        """Wait until `condition()` holds; it is looked at after each request.

        Raises:
            AssertionError: It did not come to hold in time.
        """
        with self._arrived:
            if not self._arrived.wait_for(condition, timeout):
                raise AssertionError(
                    f"not seen within {timeout} s; spans so far: {[span.name for span in self.spans]}"
                )

    def take(self, received: Received) -> None:
        """Keep a request; called by the server."""
        with self._arrived:
            self.requests.append(received)
            self._arrived.notify_all()

    @property
    def accepted(self) -> list[Received]:
        """The requests that were answered with success."""
        return [request for request in list(self.requests) if request.status == 200]

    @property
    def raw(self) -> bytes:
        """All bodies, one after the other."""
        return b"".join(request.body for request in list(self.requests))

    @property
    def traces(self) -> list[Any]:
        """`ResourceSpans` of all accepted requests."""
        requests = (request for request in self.accepted if request.path == "/v1/traces")
        return [
            spans
            for one in requests
            for spans in ExportTraceServiceRequest.FromString(one.body).resource_spans
        ]

    @property
    def spans(self) -> list[Any]:
        """The spans of all accepted requests, as protobuf messages."""
        return [span for one in self.traces for scope in one.scope_spans for span in scope.spans]

    @property
    def span_names(self) -> list[str]:
        """The names of `spans`, in their order."""
        return [span.name for span in self.spans]

    @property
    def logs(self) -> list[Any]:
        """The log records of all accepted requests, as protobuf messages."""
        requests = (request for request in self.accepted if request.path == "/v1/logs")
        return [
            record
            for one in requests
            for resource in ExportLogsServiceRequest.FromString(one.body).resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    @property
    def metric_exports(self) -> list[Any]:
        """`ResourceMetrics` of all accepted requests."""
        requests = (request for request in self.accepted if request.path == "/v1/metrics")
        return [
            one for r in requests for one in ExportMetricsServiceRequest.FromString(r.body).resource_metrics
        ]

    def points(self, name: str) -> list[tuple[dict[str, Any], dict[str, Any], Any]]:
        """Resource attributes, series attributes and data point of each point of a metric, in order of arrival."""
        return [
            (attributes(one.resource), attributes(point), point)
            for one in self.metric_exports
            for scope in one.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in getattr(metric, metric.WhichOneof("data")).data_points
        ]

    def last_value(self, name: str, **wanted: Any) -> Any:
        """The newest value of the series of a metric whose attributes include `wanted`; None if there is none."""
        found = [point for _, series, point in self.points(name) if wanted.items() <= series.items()]
        return value_of(found[-1]) if found else None


def value_of(point: Any) -> Any:
    """The number of a data point."""
    return point.as_int if point.HasField("as_int") else point.as_double


def attributes(owner: Any) -> dict[str, Any]:
    """The attributes of a protobuf message as plain values."""
    return {item.key: _plain(item.value) for item in owner.attributes}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[OtlpReceiver]:
    """A receiver for the length of a block."""
    receiver = OtlpReceiver(tls)
    try:
        yield receiver
    finally:
        receiver.close()


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS for a receiver."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: OtlpReceiver

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.append(request)
        super().process_request(request, client_address)

    def cut(self) -> None:
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    _connections: ClassVar[list[int]] = []

    def setup(self) -> None:
        super().setup()
        self._connections.append(len(self._connections))
        self._number = self._connections[-1]

    def do_POST(self) -> None:
        receiver = self.server.receiver
        length = int(self.headers["Content-Length"])
        too_large = receiver.limit is not None and length > receiver.limit
        if too_large and receiver.impatient:
            self.send_response(413)
            self.send_header("Connection", "close")
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        reply = receiver.reply
        if receiver.token is not None and self.headers.get("Authorization") != f"Bearer {receiver.token}":
            reply = Reply(401)
        if too_large:
            reply = Reply(413)
        if receiver.hold is not None:
            receiver.holding = True
            receiver.hold.wait()
            return
        if reply.delay:
            time.sleep(reply.delay)
        # Before the response: whoever gets it must find the request here.
        receiver.take(Received(self.path, dict(self.headers), body, reply.status, self._number))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.receiver.date or super().date_time_string(timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read what was received, not a log."""
