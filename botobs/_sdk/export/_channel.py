"""A socket with one deadline for all of a request, and name resolution with the same deadline.

A socket's own timeout starts again with each byte, so a peer that sends one byte at a time could hold a request
forever.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from ..files import identity
from ..process import own_threads

#: Seconds that a socket waits at most; some platforms refuse larger numbers.
_LONGEST = 3600.0
#: Bytes that are written to the socket at a time: one TLS record, each with its own timeout.
_PIECE = 2**14

Found = list[tuple[Any, ...]]


class Deadline:
    """The end of one request.

    Args:
        seconds: Time from now.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds until then; negative afterwards."""
        return self._until - time.monotonic()

    def left(self) -> float:
        """Positive seconds until then, the timeout of the next step.

        Raises:
            TimeoutError: The deadline has passed.
        """
        left = self.remaining
        if left <= 0:
            raise TimeoutError("the time for the request is over")
        return min(left, _LONGEST)

    def shorten(self, until: float) -> None:
        """Move the deadline to `until`, a reading of `time.monotonic`, if that is earlier."""
        self._until = min(self._until, until)


class Channel:
    """A connected socket with a deadline, with the methods that `http.client` uses.

    Attributes:
        deadline: Deadline of the request that is under way.
    """

    def __init__(self, wrapped: socket.socket, deadline: Deadline) -> None:
        self.deadline = deadline
        self._wrapped = wrapped
        self._identity = identity(wrapped.fileno())
        self._open_file: _Received | None = None

    def sendall(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            TimeoutError: The deadline has passed.
            OSError: The connection failed.
        """
        rest = memoryview(data)
        while rest:
            current = self._socket
            current.settimeout(self.deadline.left())
            current.sendall(rest[:_PIECE])
            rest = rest[_PIECE:]

    def receive_into(self, buffer: Any) -> int:
        """Receive into `buffer`; returns the number of bytes, 0 at the end of the stream.

        Raises:
            TimeoutError: The deadline has passed.
            OSError: The connection failed.
        """
        current = self._socket
        current.settimeout(self.deadline.left())
        return current.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002
        """A file object that reads from the socket."""
        self._open_file = _Received(self)
        return io.BufferedReader(self._open_file)

    def close(self) -> None:
        """Close the connection, once the file that reads from it is closed.

        `http.client` closes the connection before it has read a body without a length, which ends with the connection.
        """
        if self._open_file is None or self._open_file.closed:
            with suppress(ConnectionResetError):
                self._socket.close()
        else:
            self._open_file.is_last = True

    @property
    def _socket(self) -> socket.socket:
        """The socket.

        Raises:
            ConnectionResetError: The program has closed its descriptor.
        """
        number = self._wrapped.fileno()
        if number < 0 or identity(number) != self._identity:
            self._wrapped.detach()
            raise ConnectionResetError("the program has closed the descriptor of the connection")
        return self._wrapped


class _Received(io.RawIOBase):
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.is_last = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._channel.receive_into(buffer)

    def close(self) -> None:
        super().close()
        if self.is_last:
            self._channel.close()


class Addresses:
    """Resolves one host name, with a deadline.

    A name server may take longer than any request, and `getaddrinfo` has no timeout. So it runs on a separate thread,
    of which there is at most one: the next request waits for the same result.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._known: Found = []
        self._lookup: _Lookup | None = None
        self._is_address = _is_address(host)

    def find(self, deadline: Deadline) -> Found:
        """The results of `getaddrinfo`; at the end of the process those found before.

        Raises:
            OSError: The name cannot be resolved.
            TimeoutError: It is not resolved in time.
        """
        if self._is_address:
            return _look_up(self._host, self._port)
        if self._lookup is None:
            try:
                self._lookup = _Lookup(self._host, self._port)
            except RuntimeError:
                # The process ends, and starts no more threads.
                return self._known or _look_up(self._host, self._port)
        lookup = self._lookup
        if not lookup.done.wait(deadline.left()) or not lookup.finished:
            raise TimeoutError(f"the address of {self._host} is not found in time")
        self._lookup = None
        if isinstance(lookup.result, Exception):
            raise lookup.result
        self._known = lookup.result
        return self._known

    def wake(self) -> None:
        """Make another thread's wait in `find` end with a TimeoutError."""
        if self._lookup is not None:
            self._lookup.done.set()


class _Lookup:
    """One call of `getaddrinfo` on a separate thread.

    Attributes:
        done: Set when the result is there, or the wait for it ends.
        finished: Whether the result is there.
        result: The addresses, or why there are none.

    Raises:
        RuntimeError: No thread can be started.
    """

    def __init__(self, host: str, port: int) -> None:
        self.done = threading.Event()
        self.finished = False
        self.result: Found | Exception = []
        self._host, self._port = host, port
        own_threads.start(threading.Thread(target=self._run, name="botobs-lookup", daemon=True).start)

    def _run(self) -> None:
        try:
            self.result = _look_up(self._host, self._port)
        except Exception as error:
            self.result = error
        self.finished = True
        self.done.set()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _look_up(host: str, port: int) -> Found:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
