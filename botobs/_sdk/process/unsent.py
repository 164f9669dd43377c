"""Takes from a process what it has not sent, before it is ended: a local socket between the two.

A worker that its parent ends by SIGTERM has no moment left to send anything. So it answers on a socket, and its parent
asks before it ends it. The socket has one of Linux' abstract names: no file is left, however either of the two ends.
Such a name can be taken and asked by anybody on the machine, so both ask the kernel who the other one is.
https://man7.org/linux/man-pages/man7/unix.7.html
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from ..files import identity as identity_of_file
from . import own_threads
from .alive import identity

#: The part of `shutdown_timeout` for which an answer is waited for at most.
PART = 0.2
#: Before each piece: how many bytes it has. One of no bytes is the last.
_LENGTH = struct.Struct("!I")
#: `struct ucred`: process, user, group.
_CREDENTIALS = struct.Struct("iII")

#: Sends one piece, of at least one byte; raises OSError where nobody takes it any more.
Send = Callable[[bytes], None]


class Giver:
    """Answers in this process.

    Args:
        answer: Sends what is unsent, on a thread of its own.
        seconds: How long an answer may take; 0 or less if none is wanted.
    """

    def __init__(self, answer: Callable[[Send], None], seconds: Callable[[], float]) -> None:
        self._answer = answer
        self._seconds = seconds
        self._listening: socket.socket | None = None
        self._identity: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Answer from now on; does nothing if it does already, or where that is not wanted or not possible.

        Raises:
            OSError: No socket can be had.
            RuntimeError: No thread can be started.
        """
        name = _name(os.getpid())
        if self._listening is not None or name is None or self._seconds() <= 0:
            return
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # A program may have set another time limit for all sockets.
            listening.settimeout(None)
            listening.bind(name)
            listening.listen()
            self._thread = own_threads.OwnThread(lambda: self._serve(listening), "botobs-unsent")
            self._listening, self._identity = listening, identity_of_file(listening.fileno())
            own_threads.start(self._thread.start)
        except (OSError, RuntimeError):
            self._listening = None
            listening.close()
            raise

    def close(self, seconds: float) -> None:
        """Answer no longer; waits for an answer that has begun, for so many seconds at most."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        if self._is_open(listening):
            # Wakes the thread, which closing would not.
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
        self._let_go(listening)
        if self._thread is not None:
            self._thread.join(seconds)

    def forget(self) -> None:
        """In a forked child: the socket stays the parent's."""
        listening, self._listening = self._listening, None
        if listening is not None:
            self._let_go(listening)

    def _let_go(self, listening: socket.socket) -> None:
        if self._is_open(listening):
            listening.close()
        else:
            listening.detach()

    def _is_open(self, listening: socket.socket) -> bool:
        """Whether the descriptor is the socket's still; a program may close all that it finds."""
        return identity_of_file(listening.fileno()) == self._identity is not None

    def _serve(self, listening: socket.socket) -> None:
        while self._is_open(listening):
            try:
                taker, _ = listening.accept()
            except OSError:
                return
            with taker, suppress(OSError):
                if _may_ask(taker):
                    taker.settimeout(self._seconds())
                    self._answer(lambda piece: taker.sendall(_LENGTH.pack(len(piece)) + piece))  # noqa: B023
                    taker.sendall(_LENGTH.pack(0))


def take(pid: int, seconds: float) -> tuple[list[bytes], bool]:
    """What a process of this user has not sent; never waits if it does not answer such questions.

    Args:
        pid: The process.
        seconds: Waited for at most.

    Returns:
        The pieces, and whether these are all of them.
    """
    name = _name(pid)
    if name is None:
        return [], True
    until = time.monotonic() + seconds
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(seconds)
        try:
            asking.connect(name)
        except TimeoutError:
            return [], False
        except OSError:
            return [], True
        process, user = _credentials(asking)
        if process != pid or user != os.geteuid():
            return [], True
        return _received(asking, until)


def _received(asking: socket.socket, until: float) -> tuple[list[bytes], bool]:
    pieces: list[bytes] = []
    while True:
        try:
            length = _LENGTH.unpack(_exactly(asking, _LENGTH.size, until))[0]
            if not length:
                return pieces, True
            pieces.append(_exactly(asking, length, until))
        except OSError:
            return pieces, False


def _exactly(asking: socket.socket, size: int, until: float) -> bytes:
    """The next bytes.

    Raises:
        TimeoutError: They do not come in time.
        ConnectionResetError: They do not come any more.
    """
    received = bytearray()
    while len(received) < size:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        asking.settimeout(left)
        some = asking.recv(min(size - len(received), 2**20))
        if not some:
            raise ConnectionResetError
        received += some
    return bytes(received)


def _name(pid: int) -> str | None:
    """The socket's name, another one for every process; None where there are no such names, or none is answered."""
    if sys.platform != "linux" or socket.socket.__module__ != "socket":
        # Sockets of gevent and eventlet wait in a loop that a thread of ours does not have.
        return None
    who = identity(pid)
    return None if who is None else f"\0botobs unsent {pid} {who}"


def _may_ask(taker: socket.socket) -> bool:
    process, user = _credentials(taker)
    return user == os.geteuid() or process == os.getppid()


def _credentials(connected: socket.socket) -> tuple[int, int]:
    """The process and the user at the other end."""
    packed = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, user, _ = _CREDENTIALS.unpack(packed)
    return process, user
