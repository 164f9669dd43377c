"""Sends OTLP over HTTP, one request at a time, each with a deadline for all of it.

OpenTelemetry's exporters are not used: they retry with sleeps inside `export`, their deadline cannot be shortened
while they wait, and they need `requests`, which a user may have instrumented.
"""

from __future__ import annotations

import codecs
import gzip
import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ..._version import __version__
from ..files import read_small
from ..settings import read_token, shown_address
from ._channel import Addresses, Channel, Deadline
from .counts import SIGNALS

if TYPE_CHECKING:
    from ..settings import Settings

# `socket.getaddrinfo` imports this codec at its first use. A fork while this thread does so would leave the import
# locked in the child for ever.
codecs.lookup("idna")

_PATHS = {signal: f"/v1/{signal}" for signal in SIGNALS}
# https://opentelemetry.io/docs/specs/otlp/#otlphttp-response: these may be sent again. A refused token may be too,
# because tokens are rotated.
_RETRYABLE = {
    401: "unauthorized",
    403: "unauthorized",
    429: "throttled",
    502: "unavailable",
    503: "unavailable",
}
_RETRYABLE[504] = "unavailable"
#: Bytes of a response body that are read.
_LONGEST_RESPONSE = 2**20
# As it is when botobs is imported: tools for tests put another class in its place, to record and to answer requests.
_HTTPConnection = http.client.HTTPConnection
# The collector closed the connection, usually because it restarted.
_DISCONNECTED = (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Outcome(Enum):
    """The outcome of a request."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    """The collector will never accept it."""
    TOO_LARGE = "too large"
    """The collector, or what stands before it, may accept it in parts."""
    FAILED = "failed"
    """It may be sent again later."""


@dataclass(frozen=True, slots=True)
class Response:
    """The collector's response to one request, or the failure to get one.

    Attributes:
        outcome: Delivered, rejected, too large or failed.
        reason: Of a failure or rejection, as the metric's attribute has it.
        detail: The same as a sentence for a person.
        retry_after: Seconds that the collector asked to wait.
        rejected: Items that the collector rejected from an accepted request (a partial success).
        date: The `Date` header, the collector's clock.
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    retry_after: float | None = None
    rejected: int = 0
    date: str | None = None


class Sender:
    """A connection to the collector, kept alive between requests. Used by one thread; `abort` by any.

    Args:
        settings: With an endpoint.

    Attributes:
        endpoint: The collector's address, without a secret in it.

    Raises:
        OSError: A certificate or key cannot be read.
        ssl.SSLError: A file holds no certificate or key.
    """

    def __init__(self, settings: Settings) -> None:
        assert settings.endpoint is not None
        self.endpoint = shown_address(settings.endpoint)
        parts = urlsplit(settings.endpoint)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = parts.path
        self._tls = _tls(settings) if parts.scheme == "https" else None
        self._compress = settings.compression == "gzip"
        self._token = Token(settings.token, settings.token_file)
        self._headers = {
            **settings.headers,
            "Content-Type": "application/x-protobuf",
            "User-Agent": f"botobs/{__version__}",
        }
        self._addresses = Addresses(self._host, self._port)
        self._deadline = Deadline(0.0)
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None

    def send(self, signal: str, body: bytes, timeout: float) -> Response:
        """Send an encoded request; never raises.

        Args:
            signal: `traces`, `metrics` or `logs`.
            body: The encoded export request.
            timeout: Seconds for all of it: finding the address, connecting, sending, waiting for the response.
        """
        self._deadline = deadline = Deadline(timeout)
        reused = self._connection is not None
        try:
            return self._exchange(signal, body, deadline)
        except Exception as error:
            self.close()
            # A connection kept open may have been closed by the collector meanwhile: that is no failure.
            if reused and isinstance(error, _DISCONNECTED):
                return self.send(signal, body, deadline.remaining)
            return _failure(error)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        connection, self._connection, self._socket = self._connection, None, None
        if connection is not None:
            connection.close()

    def after_fork(self) -> None:
        """In a forked child: close the parent's connection, and forget its thread that resolves addresses."""
        self.close()
        self._addresses = Addresses(self._host, self._port)

    def abort(self, until: float) -> None:
        """Make the request that is under way fail, whatever the sending thread waits for.

        Args:
            until: Reading of `time.monotonic` at which the request ends if its thread cannot be woken.
        """
        self._deadline.shorten(until)
        self._addresses.wake()
        current = self._socket
        if current is not None:
            try:
                current.shutdown(socket.SHUT_RDWR)
            except OSError:
                # Not connected any more: nothing waits.
                return

    def _exchange(self, signal: str, body: bytes, deadline: Deadline) -> Response:
        connection = self._connection or self._connect(deadline)
        headers = dict(self._headers)
        if (token := self._token.read()) is not None:
            headers["Authorization"] = f"Bearer {token}"
        if self._compress:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1)
        self._channel.deadline = deadline
        try:
            connection.request("POST", self._path + _PATHS[signal], body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # It may have responded that the request is too large, and closed before it had all of it.
            deadline.left()
        response = connection.getresponse()
        try:
            content = response.read(_LONGEST_RESPONSE)
        finally:
            if response.will_close or not response.isclosed():
                response.close()
                self.close()
        return _response(signal, response, content)

    def _connect(self, deadline: Deadline) -> http.client.HTTPConnection:
        connection = _HTTPConnection(self._host, self._port)
        self._channel = Channel(self._open(deadline), deadline)
        connection.sock = self._channel
        self._connection = connection
        return connection

    def _open(self, deadline: Deadline) -> socket.socket:
        failure: OSError | None = None
        found = self._addresses.find(deadline)
        for number, (family, kind, protocol, _, address) in enumerate(found):
            # One that does not respond, as of IPv6 behind a broken router, leaves the others their share of the time.
            left = len(found) - number
            raw = socket.socket(family, kind, protocol)
            self._socket = raw
            try:
                raw.settimeout(deadline.left() / left)
                raw.connect(address)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls is None:
                    return raw
                raw.settimeout(deadline.left() / left)
                self._socket = self._tls.wrap_socket(raw, server_hostname=self._host)
                return self._socket
            except OSError as error:
                raw.close()
                failure = error
        raise failure or OSError(f"{self._host} has no address")


class Token:
    """A bearer token, given or in a file that is read again when it changes.

    Args:
        given: The token.
        file: The file, used if no token is given.
    """

    def __init__(self, given: str | None, file: Path | None) -> None:
        self._token = given
        self._file = file if given is None else None
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> str | None:
        """The current token; the last known one if the file cannot be read or holds none; None without either."""
        if self._file is None:
            return self._token
        try:
            status = self._file.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if seen != self._seen:
                self._seen = seen
                self._token = read_token(self._file)
        except OSError:
            self._seen = None
        except ValueError:
            # The settings reported what is wrong with it. It may be half written at this moment.
            return self._token
        return self._token


def _tls(settings: Settings) -> ssl.SSLContext:
    for file in (settings.certificate, settings.client_certificate, settings.client_key):
        if file is not None:
            # OpenSSL would wait forever for the other end of a pipe.
            read_small(file)
    context = ssl.create_default_context(cafile=settings.certificate)
    if settings.client_certificate is not None:
        context.load_cert_chain(settings.client_certificate, settings.client_key)
    return context


def _failure(error: Exception) -> Response:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Response(Outcome.FAILED, "tls", f"its certificate is not trusted: {error.verify_message}")
    if isinstance(error, TimeoutError):
        return Response(Outcome.FAILED, "timeout", "it did not answer in time")
    if isinstance(error, ssl.SSLError) and not isinstance(error, _DISCONNECTED):
        return Response(Outcome.FAILED, "tls", f"TLS failed: {error.reason or type(error).__name__}")
    return Response(Outcome.FAILED, "connection", _explained(error))


def _explained(error: Exception) -> str:
    """Why a request failed. Not the error's own text, which can quote a header or the address, and so a secret."""
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached: {error.strerror}"
    if isinstance(error, _DISCONNECTED):
        return "it cannot be reached: it closed the connection without an answer"
    if isinstance(error, http.client.HTTPException):
        return "it cannot be reached: its answer is no HTTP"
    if isinstance(error, ValueError):
        return (
            "it cannot be asked: the address, a header or the token holds characters that HTTP does not take"
        )
    return f"it cannot be reached: {type(error).__name__}"


def _response(signal: str, response: http.client.HTTPResponse, content: bytes) -> Response:
    status = response.status
    if 200 <= status < 300:
        return Response(
            Outcome.DELIVERED, rejected=_rejected(signal, content), date=response.getheader("Date")
        )
    # Without its body, which could repeat what was sent.
    detail = f"it answered {status} {http.client.responses.get(status, '')}".rstrip()
    if status in _RETRYABLE:
        wait = _retry_after(response.getheader("Retry-After"))
        return Response(Outcome.FAILED, _RETRYABLE[status], detail, wait)
    if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Response(Outcome.TOO_LARGE, "too_large", detail)
    return Response(Outcome.REJECTED, "rejected", detail)


def _rejected(signal: str, content: bytes) -> int:
    if not content:
        return 0
    try:
        if signal == "traces":
            return int(ExportTraceServiceResponse.FromString(content).partial_success.rejected_spans)
        if signal == "logs":
            return int(ExportLogsServiceResponse.FromString(content).partial_success.rejected_log_records)
        return int(ExportMetricsServiceResponse.FromString(content).partial_success.rejected_data_points)
    except DecodeError:
        # A success with a body in another format: nothing in it can be counted.
        return 0


def _retry_after(raw: str | None) -> float | None:
    if raw is None:
        return None
    try:
        if raw.strip().isdecimal():
            return float(raw)
        return max(0.0, parsedate_to_datetime(raw).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        # Neither a number nor a date, or a date out of range.
        return None
