"""A peer that drips, in whichever phase of a request, holds neither the request beyond its time nor the export."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from botobs._sdk.export import _channel
from botobs._sdk.export.sender import Outcome, Response, Sender, _retry_after
from botobs._sdk.settings import Settings

pytestmark = pytest.mark.slow

#: Seconds between two bytes, and for a request; a peer that could prolong it would take a minute.
DRIP, TIMEOUT = 0.15, 0.6
#: Far less than that, and enough for a slow machine.
GUARD = 20.0

Script = Callable[[socket.socket], None]


def drip(connection: socket.socket, data: bytes) -> None:
    for byte in data:
        connection.sendall(bytes((byte,)))
        time.sleep(DRIP)


def in_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    drip(connection, b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 400)


def in_the_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n")
    drip(connection, b"x" * 400)


def in_a_chunked_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(connection, b"1\r\nx\r\n" * 100)


def by_continuing(connection: socket.socket) -> None:
    connection.recv(65536)
    for _ in range(400):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(DRIP)


def by_reading(connection: socket.socket) -> None:
    for _ in range(400):
        connection.recv(1)
        time.sleep(DRIP)


def in_the_handshake(connection: socket.socket) -> None:
    connection.recv(65536)
    drip(connection, b"\x16\x03\x03\x3f\xff" + b"\x02" * 400)


@contextmanager
def serving(script: Script) -> Iterator[int]:
    """A server that does with each connection what `script` says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve(connection: socket.socket) -> None:
            with connection:
                try:
                    script(connection)
                except OSError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def sent(endpoint: str, body: bytes = b"x") -> Response:
    sender = Sender(Settings(endpoint=endpoint, compression="none"))
    before = time.monotonic()
    answer = sender.send("traces", body, TIMEOUT)
    assert time.monotonic() - before < GUARD
    sender.close()
    return answer


@pytest.mark.parametrize("script", [in_headers, in_the_body, in_a_chunked_body, by_continuing])
def test_an_answer_that_drips(script: Script) -> None:
    with serving(script) as port:
        answer = sent(f"http://127.0.0.1:{port}")
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, "timeout")


def test_a_reader_that_drips() -> None:
    with serving(by_reading) as port:
        answer = sent(f"http://127.0.0.1:{port}", b"x" * 2**24)
    assert answer.reason == "timeout"


def test_a_handshake_that_drips() -> None:
    with serving(in_the_handshake) as port:
        answer = sent(f"https://127.0.0.1:{port}")
    assert answer.reason == "timeout"


def test_a_tls_answer_that_drips(tls: tuple[ssl.SSLContext, Path]) -> None:
    context, authority = tls

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            in_the_body(secured)

    with serving(script) as port:
        sender = Sender(Settings(endpoint=f"https://127.0.0.1:{port}", certificate=authority))
        before = time.monotonic()
        # The handshake takes what it takes on this machine.
        assert sender.send("traces", b"x", 3.0).reason == "timeout"
        assert time.monotonic() - before < GUARD
        sender.close()


def test_an_answer_without_end_is_not_read_to_it() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
        while True:
            connection.sendall(b"x" * 2**16)

    with serving(script) as port:
        sender = Sender(Settings(endpoint=f"http://127.0.0.1:{port}"))
        assert sender.send("traces", b"x", GUARD).outcome is Outcome.DELIVERED
        sender.close()


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, asked = threading.Event(), []

    def slow(host: str, port: int) -> list[object]:
        asked.append(host)
        let_go.wait()
        raise OSError("no such host")

    monkeypatch.setattr(_channel, "_look_up", slow)
    sender = Sender(Settings(endpoint="http://collector.example:4318"))
    try:
        for _ in range(3):
            before = time.monotonic()
            assert sender.send("traces", b"x", 0.2).reason == "timeout"
            assert time.monotonic() - before < GUARD
        assert asked == ["collector.example"], "one thread waits, not one for each request"
    finally:
        let_go.set()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog answers with a reset")
def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with ExitStack() as open_sockets, serving(answer) as port:
        # Nobody accepts, and its backlog is full: the system ignores who connects now.
        silent = open_sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            client = open_sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(silent.getsockname())
        addresses = [silent.getsockname(), silent.getsockname(), ("127.0.0.1", port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
        monkeypatch.setattr(_channel, "_look_up", lambda *_: found)
        sender = Sender(Settings(endpoint="http://collector.example:4318"))
        assert sender.send("traces", b"x", 3.0).outcome is Outcome.DELIVERED
        sender.close()


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("5", 5.0),
        ("9" * 400, float("inf")),
        ("-5", None),
        ("nan", None),
        ("²", None),
        ("", None),
        ("soon", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
        ("Mon, 99 Foo 2020 00:00:00", None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after(raw: str, expected: float | None) -> None:
    assert _retry_after(raw) in (expected, 0.0 if expected is None else expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"token": "a\r\nX-Evil: 1"},
        {"token": "t\u2013x"},
        {"headers": {"a\nb": "c"}},
        {"headers": {"a": "b\r\nc: d"}},
        {"headers": {"a": "\ud800"}},
        {"token_file": Path("/\0")},
        {"endpoint": f"http://{'a' * 300}:1"},
    ],
)
def test_what_cannot_be_sent_fails_without_being_shown(settings: dict[str, object]) -> None:
    with serving(in_headers) as port:
        sender = Sender(Settings(**{"endpoint": f"http://127.0.0.1:{port}", **settings}))  # type: ignore[arg-type]
        answer = sender.send("traces", b"x", TIMEOUT)
    assert answer.outcome is Outcome.FAILED
    for secret in ("X-Evil", "t\u2013x"):
        assert secret not in answer.detail
