"""A loopback exchange that takes, refuses or loses orders as it is told, and remembers which of them it holds."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Behaviour = Literal[
    "take",
    "refuse",
    "refuse with 200",
    "take, say that it is not known",
    "lose, say that it is not known",
    "take, say a code of no table",
    "take, cut",
    "lose, cut",
    "take, cut the answer",
    "take, reset",
    "take, say in words that it broke off",
    "take, fail",
    "lose, fail",
    "take, answer a page",
    "lose, answer a page",
    "take, break the compression",
    "take, cut a chunk",
    "take, answer no HTTP",
    "take, answer with a long header",
    "take, redirect",
    "lose, redirect",
    "lose, redirect and keep the method",
    "take, say that it is there already",
    "take, answer half a body",
    "take, answer nothing",
    "take, conflict",
    "take, time out at the gateway",
    "refuse, as a firewall",
]

_ORDERS = re.compile("order|exchange|close-position|/buy/|/sell/", re.IGNORECASE)

REFUSAL = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
NOT_KNOWN = {
    "code": -1007,
    "msg": "Timeout waiting for response from backend server. Execution status unknown.",
}


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class OrderDesk:
    """Answers every POST of an order by the next behaviour, and everything else with `other_answer`.

    Attributes:
        url: Where it listens.
        behaviours: What it does with the next orders.
        held: How many orders it holds.
        received: How many requests of orders reached it.
        open: Whether it answers orders; it reads them all the same.
        answers: What it answers an order that it takes or refuses with, instead of Binance's.
        other_answer: What it answers everything else with.
    """

    url: str = ""
    behaviours: list[Behaviour] = field(default_factory=list)
    held: int = 0
    received: int = 0
    open: threading.Event = field(default_factory=_set)
    answers: dict[Behaviour, tuple[int, object]] = field(default_factory=dict)
    other_answer: object = field(default_factory=dict)

    def _answer(self, behaviour: Behaviour) -> tuple[int, object]:
        order = {"orderId": self.held, "symbol": "BTCUSDT", "status": "NEW", "clientOrderId": "mine"}
        defaults: dict[str, tuple[int, object]] = {
            "take": (200, order),
            "refuse": (400, REFUSAL),
            "refuse with 200": (200, REFUSAL),
            "take, say that it is not known": (408, NOT_KNOWN),
            "lose, say that it is not known": (400, NOT_KNOWN),
            "take, say in words that it broke off": (
                400,
                {"success": False, "msg": "System busy, try again."},
            ),
            "take, say a code of no table": (400, {"code": -987654, "msg": "new in this release"}),
            "take, cut the answer": (200, order),
            "take, fail": (503, "<html>Service Unavailable</html>"),
            "lose, fail": (502, "<html>Bad Gateway</html>"),
            "take, say that it is there already": (400, {"code": -2010, "msg": "Duplicate order sent."}),
            "take, answer half a body": (200, json.dumps(order)[:25]),
            "take, answer nothing": (200, ""),
            "take, conflict": (409, "conflict"),
            "take, time out at the gateway": (504, "<html>Gateway Time-out</html>"),
            "refuse, as a firewall": (403, "<html>Forbidden</html>"),
            "take, answer a page": (200, "<html>One moment, please</html>"),
            "lose, answer a page": (200, "\n<!doctype html><html>One moment, please</html>"),
        }
        return self.answers.get(behaviour) or defaults[behaviour]

    def serve(self, connection: socket.socket) -> None:
        """One request a connection, so that none is lost in a connection that was kept."""
        with connection, suppress(OSError):
            head = _read(connection)
            method, path = head.split(" ")[:2]
            # At Alpaca a position is closed by DELETE.
            is_order = (
                _ORDERS.search(path) if method == "POST" else method == "DELETE" and "/positions/" in path
            )
            if not is_order:
                _send(connection, 200, self.other_answer)
                return
            self.received += 1
            self.open.wait()
            # A library that tries again may try more often than the test has planned.
            behaviour = self.behaviours.pop(0) if self.behaviours else "refuse"
            self.held += behaviour.startswith("take")
            if behaviour in ("take, cut", "lose, cut"):
                return
            if behaviour == "take, reset":
                # With what is unread thrown away, the kernel sends a reset and no end.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if behaviour == "take, cut the answer":
                status, answer = self._answer(behaviour)
                whole = json.dumps(answer).encode()
                connection.sendall(_head(status, len(whole)) + whole[: len(whole) // 2])
                return
            if behaviour in _BROKEN:
                connection.sendall(_BROKEN[behaviour])
                return
            if "redirect" in behaviour:
                # To another page, or once more to here.
                kept = behaviour.endswith("method")
                location = f"Location: {self.url}/{'order' if kept else 'elsewhere'}"
                connection.sendall(_head(307 if kept else 302, 0, location))
                return
            _send(connection, *self._answer(behaviour))


def _head(status: int, length: int, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        f"{more}{more and chr(13) + chr(10)}Connection: close\r\n\r\n"
    ).encode()


#: Answers that are none, or cannot be read. aiohttp reads no header above 8,190 bytes.
_BROKEN: dict[Behaviour, bytes] = {
    "take, break the compression": _head(200, 9, "Content-Encoding: gzip") + b"not at all",
    "take, cut a chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"order',
    "take, answer no HTTP": b"\x00\x01 no HTTP\r\n\r\n",
    "take, answer with a long header": _head(200, 2, f"Set-Cookie: {'x' * 9000}") + b"{}",
}


def _read(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or _stop()
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536) or _stop()
    return head.decode("latin-1")


def _stop() -> bytes:
    raise OSError("the peer has gone")


def _send(connection: socket.socket, status: int, answer: object) -> None:
    whole = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    connection.sendall(_head(status, len(whole)) + whole)


@contextmanager
def order_desk() -> Iterator[OrderDesk]:
    """An order desk that listens on loopback for the length of a block."""
    desk = OrderDesk()
    listener = socket.create_server(("127.0.0.1", 0))
    desk.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=desk.serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield desk
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def closed_url() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
