"""Programs close descriptors that are not theirs, as daemons do, and get the same numbers for files of their own."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import botobs
from botobs._sdk.export.scrape._server import ScrapeServer
from botobs._sdk.files import Descriptor
from testbed.otlp_receiver import receiving
from tests.support.waiting import eventually

Init = Callable[..., botobs.Handle]


def connected_to(port: int) -> int:
    """The descriptor whose socket is connected to a port of this machine."""
    for number in (int(path.name) for path in Path("/dev/fd").iterdir()):
        # What is no socket, `fromfd` would copy and leave open.
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as copy:
                    # That of a socket of the system is a text.
                    if copy.getpeername()[1:2] == (port,):
                        return number
    raise AssertionError(f"nothing is connected to {port}")


@pytest.mark.parametrize("used_again", [False, True], ids=["closed", "used again"])
@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_a_connection(init: Init, tls: tuple[ssl.SSLContext, Path], secured: bool, used_again: bool) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with ours, theirs, receiving(tls[0] if secured else None) as receiver:
        handle = init(
            endpoint=receiver.endpoint, certificate=tls[1] if secured else None, metric_interval=3600
        )
        with botobs.span("before"):
            pass
        assert handle.flush()
        number = connected_to(int(receiver.endpoint.rpartition(":")[2]))
        if used_again:
            os.dup2(ours.fileno(), number)
        else:
            os.close(number)
        with botobs.span("after"):
            pass
        assert handle.flush()
        assert receiver.span_names == ["before", "after"]
        assert sum(handle.counts.failures.values()) == 0
        handle.shutdown()
        if used_again:
            with pytest.raises(BlockingIOError):
                theirs.recv(1)
            os.write(number, b"of the program")
            assert theirs.recv(100) == b"of the program"
            os.close(number)


@pytest.mark.parametrize("used_again", [False, True], ids=["closed", "used again"])
def test_a_socket_that_is_scraped(used_again: bool) -> None:
    server = ScrapeServer(("127.0.0.1", 0), bytes, None, None)
    server.start()
    number = server.socket.fileno()
    with socket.create_server(("127.0.0.1", 0)) as ours:
        if used_again:
            os.dup2(ours.fileno(), number)
        else:
            os.close(number)
        with socket.create_connection(ours.getsockname()):
            eventually(lambda: server.socket.fileno() < 0)
            # Nobody else has taken the program's client.
            ours.settimeout(60)
            ours.accept()[0].close()
        server.shutdown()
        server.server_close()
        assert _is_open(number) == used_again
        if used_again:
            os.close(number)


def test_a_file(tmp_path: Path) -> None:
    descriptor = Descriptor(os.open(tmp_path, os.O_RDONLY))
    descriptor.close()
    assert not _is_open(descriptor)
    descriptor.close()
    descriptor = Descriptor(os.open(tmp_path, os.O_RDONLY))
    with (tmp_path / "of the program").open("wb") as file:
        os.dup2(file.fileno(), descriptor)
    descriptor.close()
    assert _is_open(descriptor)
    os.close(descriptor)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
