"""A proxy for OTLP over HTTP that answers for what it does not pass on: losses whose size is known."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_HEADERS = ("authorization", "content-type", "user-agent")


class Swallowing:
    """Passes requests on, and takes out of them what is to be lost; the sender hears of nothing.

    Args:
        port: Where it listens, on 127.0.0.1.
        secrets: The stack's, for its certificate and its authority.
        target: Where requests go, asked for with each.

    Attributes:
        wanted: How many spans, or exports of metrics, are still to be lost, by service and `traces` or `metrics`.
        lost: How many have been.
        refuse: The service whose next request for metrics is refused for good.
    """

    def __init__(self, port: int, secrets: Callable[[], Path], target: Callable[[], str]) -> None:
        self.wanted: Counter[tuple[str, str]] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.refuse = ""
        self.endpoint = f"https://127.0.0.1:{port}"
        self._port, self._secrets, self._target = port, secrets, target
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        secrets = self._secrets()
        self._http = httpx.Client(
            verify=ssl.create_default_context(cafile=str(secrets / "ca.pem")), trust_env=False, timeout=30
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(secrets / "server.pem", secrets / "server.key")
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="swallowing", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body for a request."""
        with self._lock:
            if self.refuse and path.endswith("/metrics") and self.refuse.encode() in body:
                self.refuse = ""
                return 400, b""
            left = self._without(path, body)
        if left is None:
            return 200, b""
        try:
            response = self._http.post(self._target() + path, content=left, headers=headers)
        except httpx.HTTPError:
            return 503, b""
        return response.status_code, response.content

    def _without(self, path: str, body: bytes) -> bytes | None:
        """The request without what is to be lost; None if nothing is left of it."""
        signal = path.rpartition("/")[2]
        if signal not in ("traces", "metrics"):
            return body
        made: Any = ExportTraceServiceRequest if signal == "traces" else ExportMetricsServiceRequest
        request = made.FromString(body)
        resources = request.resource_spans if signal == "traces" else request.resource_metrics
        for resource in list(resources):
            if (count := self._taken(resource, signal)) is not None:
                self.lost[count[0], signal] += count[1]
                self.wanted[count[0], signal] -= count[1]
                resources.remove(resource)
        encoded: bytes | None = request.SerializeToString() if resources else None
        return encoded

    def _taken(self, resource: Any, signal: str) -> tuple[str, int] | None:
        """Whose the data of a resource is, and how much of it, if it is to be lost."""
        names = [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
        service = names[0] if names else ""
        if self.wanted[service, signal] <= 0:
            return None
        if signal == "traces":
            return service, sum(len(scope.spans) for scope in resource.scope_spans)
        # Of the metrics of a service, the part that bears the number of its export.
        has_number = any(
            metric.name.replace("_", ".").startswith("botobs.sdk.metric.exports")
            for scope in resource.scope_metrics
            for metric in scope.metrics
        )
        return (service, 1) if has_number else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self._body()
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                headers = {name: self.headers[name] for name in _HEADERS if name in self.headers}
                status, content = proxy.answer(self.path, body, headers)
                self.send_response(status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _body(self) -> bytes:
                if "chunked" not in self.headers.get("transfer-encoding", ""):
                    return self.rfile.read(int(self.headers["content-length"]))
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
