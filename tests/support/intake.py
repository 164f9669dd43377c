"""The intake by itself, in front of a made-up collector that keeps what it is given."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.access import clients, secrets, tokens
from botobs._ops.components.ports import free_ports
from botobs._ops.programs.binaries import Binaries, Silent
from tests.support.waiting import eventually

TRACES = "/v1/traces"
TRACES_OF_GRPC = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PROTOBUF = {"content-type": "application/x-protobuf"}


def spans(*services: str, count: int = 1) -> bytes:
    """A request with `count` spans of each service."""
    request = ExportTraceServiceRequest()
    for service in services:
        owned = request.resource_spans.add()
        named = owned.resource.attributes.add(key="service.name")
        named.value.string_value = service
        scoped = owned.scope_spans.add()
        for number in range(count):
            scoped.spans.add(name=f"span {number}", trace_id=b"t" * 16, span_id=b"s" * 8)
    body: bytes = request.SerializeToString()
    return body


def empty_spans(count: int) -> bytes:
    """A request of so many spans of two bytes each."""
    scoped = b"\x12\x00" * count
    owned = b"\x12" + _varint(len(scoped)) + scoped
    return b"\x0a" + _varint(len(owned)) + owned


def frame(message: bytes, packed: bool = False) -> bytes:
    """A message as gRPC carries it."""
    held = gzip.compress(message) if packed else message
    return bytes([packed]) + len(held).to_bytes(4, "big") + held


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


@dataclass
class Collector:
    """What takes requests from the intake.

    Attributes:
        bodies: What came, in order.
        answer: Status of the next answers.
    """

    secrets: Path
    bodies: list[bytes] = field(default_factory=list)
    answer: int = 200

    def __enter__(self) -> Self:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(collector.answer)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(
            ssl.Purpose.CLIENT_AUTH, cafile=str(self.secrets / "intake-ca.pem")
        )
        context.load_cert_chain(self.secrets / "server.pem", self.secrets / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()


class Intake:
    """A running intake.

    Args:
        folder: An empty folder, for its secrets.
        arguments: Its limits, where they are not the usual ones.
        environ: Further variables.
    """

    def __init__(self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        self.log = folder / "intake.log"
        self.secrets = folder / "secrets"
        secrets.ensure(self.secrets)
        self.collector = Collector(self.secrets)
        self.token = tokens.valid(self.secrets)[0].value
        binaries = Binaries()
        binaries.require(["intake"], Silent())
        self._program = binaries["botobs-intake"]
        self._arguments = arguments
        self._environ = environ or {}
        self.grpc, self.http, self._health = free_ports(3)

    def __enter__(self) -> Self:
        self.collector.__enter__()
        self._log = self.log.open("w")
        self.process = subprocess.Popen(
            [
                self._program,
                f"--listen-grpc=127.0.0.1:{self.grpc}",
                f"--listen-http=127.0.0.1:{self.http}",
                f"--listen-health=127.0.0.1:{self._health}",
                f"--secrets={self.secrets}",
                *self._arguments,
            ],
            env={
                "COLLECTOR_URL": f"https://127.0.0.1:{self.collector.server.server_address[1]}",
                **self._environ,
            },
            stderr=self._log,
        )
        eventually(self._listens)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait()
        self._log.close()
        self.collector.__exit__(kind, error, trace)

    def _listens(self) -> bool:
        try:
            self.figures()
        except httpx.TransportError:
            return False
        return True

    def client(self, token: str | None = None, http2: bool = False) -> httpx.Client:
        """A sender with a token, by default the valid one; close it after use."""
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.grpc if http2 else self.http}",
            verify=ssl.create_default_context(cafile=str(self.secrets / "ca.pem")),
            headers={"authorization": f"Bearer {token or self.token}"},
            http1=not http2,
            http2=http2,
            timeout=300,
            trust_env=False,
        )

    def sends(self, body: bytes, token: str | None = None, **headers: str) -> int:
        """The status of the answer to one request."""
        with self.client(token) as http:
            return http.post(TRACES, content=body, headers={**PROTOBUF, **headers}).status_code

    def calls(self, framed: bytes, token: str | None = None, **headers: str) -> int:
        """The status of one call of gRPC."""
        about = {"content-type": "application/grpc", "te": "trailers", **headers}
        with self.client(token, http2=True) as http:
            answer = http.post(TRACES_OF_GRPC, content=framed, headers=about)
        # httpx shows no trailers: a call that went well has its status there.
        return int(answer.headers.get("grpc-status", "0"))

    def connected(self) -> socket.socket:
        """A connection that says nothing."""
        return socket.create_connection(("127.0.0.1", self.http), timeout=30)

    def secured(self) -> ssl.SSLSocket:
        """The same after its handshake."""
        context = ssl.create_default_context(cafile=str(self.secrets / "ca.pem"))
        return context.wrap_socket(self.connected(), server_hostname="localhost")

    def figures(self) -> dict[str, float]:
        """Its own metrics, by name and labels."""
        with httpx.Client(verify=clients.ssl_context(self.secrets), trust_env=False) as http:
            text = http.get(f"https://127.0.0.1:{self._health}/metrics").text
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def refused(self, reason: str) -> float:
        """Refusals for a reason, until now."""
        return self.figures()[f'botobs_intake_refused_total{{reason="{reason}"}}']


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed it; waits for a word of it until its time is up."""
    try:
        while connection.recv(4096):
            pass
    except (ConnectionError, ssl.SSLError):
        return True
    except TimeoutError:
        return False
    return True
