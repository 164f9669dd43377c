"""A socket whose every step ends at one deadline, and addresses that are found by then.

A time-out of a socket begins anew with each byte, so a peer that sends one at a time could hold a request for ever.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import threading
import time
from typing import Any

#: Seconds that a socket waits at most; some platforms refuse larger numbers.
_LONGEST = 3600.0
#: Bytes that are given to the socket at a time: one record of TLS, each of which has a time-out of its own.
_PIECE = 2**14

Found = list[tuple[Any, ...]]


class Deadline:
    """The end of one request.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds until then; negative afterwards."""
        return self._until - time.monotonic()

    def left(self) -> float:
        """Seconds until then, for a step that may take them.

        Raises:
            TimeoutError: There are none.
        """
        left = self.remaining
        if left <= 0:
            raise TimeoutError("the time for the request is over")
        return min(left, _LONGEST)

    def shorten(self, until: float) -> None:
        """End at `until`, a time of `time.monotonic`, if that is earlier."""
        self._until = min(self._until, until)


class Channel:
    """What `http.client` needs of a socket.

    Attributes:
        deadline: Of the request that is under way.
    """

    def __init__(self, wrapped: socket.socket, deadline: Deadline) -> None:
        self.deadline = deadline
        self._socket = wrapped

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self.deadline.left())
            self._socket.sendall(rest[:_PIECE])
            rest = rest[_PIECE:]

    def receive_into(self, buffer: Any) -> int:
        """Wait for bytes; how many came, none at the end."""
        self._socket.settimeout(self.deadline.left())
        return self._socket.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002
        """What is received, as a file."""
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class _Received(io.RawIOBase):
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._channel.receive_into(buffer)


class Addresses:
    """The addresses of one host.

    A name server may take longer than any request; `getaddrinfo` has no time-out. It is called by a thread of its own,
    of which there is one at most: the next request waits for the same answer.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._known: Found = []
        self._lookup: _Lookup | None = None
        self._is_address = _is_address(host)

    def find(self, deadline: Deadline) -> Found:
        """The host's addresses, those found before if they cannot be asked for any more.

        Raises:
            OSError: It has none.
            TimeoutError: They are not known in time.
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
        """End the wait of another thread in `find`."""
        if self._lookup is not None:
            self._lookup.done.set()


class _Lookup:
    """One question to the name server.

    Raises:
        RuntimeError: No thread can be started.
    """

    def __init__(self, host: str, port: int) -> None:
        self.done = threading.Event()
        self.finished = False
        self.result: Found | Exception = []
        self._host, self._port = host, port
        threading.Thread(target=self._run, name="botobs-lookup", daemon=True).start()

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
