"""Answers of servers and proxies that are not as a collector's, and acknowledge all the same."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest import mock

import pytest

from botobs._sdk.export.sender import Outcome, Sender
from botobs._sdk.settings import load

ANSWERS = {
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n",
    "HTTP/1.0 with a body": b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nok",
    "closed after the body": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "after a 100": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "in chunks": b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


def _read_request(connection: socket.socket) -> None:
    content = b""
    while b"\r\n\r\n" not in content:
        content += connection.recv(65536)
    head, _, body = content.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length is not None
    while len(body) < int(length[1]):
        body += connection.recv(65536)


@contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """A server that answers each connection once and closes it; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        _read_request(connection)
                        connection.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_acknowledgment_is_one(kind: str) -> None:
    with _answering(ANSWERS[kind]) as port:
        settings = load(
            {"service_name": "tested", "endpoint": f"http://127.0.0.1:{port}"}, {"HOME": "/nowhere"}
        )
        sender = Sender(settings)
        for _ in range(2):
            assert sender.send("traces", b"spans", 60.0).outcome is Outcome.DELIVERED
        sender.close()


def test_a_tool_that_records_requests_sees_no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools for tests, as vcrpy is, put classes of their own in the place of `http.client`'s."""
    made = mock.Mock()
    monkeypatch.setattr(http.client, "HTTPConnection", made)
    with _answering(ANSWERS["no content"]) as port:
        settings = load(
            {"service_name": "tested", "endpoint": f"http://127.0.0.1:{port}"}, {"HOME": "/nowhere"}
        )
        sender = Sender(settings)
        assert sender.send("traces", b"spans", 60.0).outcome is Outcome.DELIVERED
        sender.close()
    made.assert_not_called()
