"""Servers from packages of the system, for a test."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from botobs._ops.components.ports import free_ports
from tests.support.waiting import eventually


@contextmanager
def redis_server() -> Iterator[str | None]:
    """The address of a Redis that keeps nothing; None where the system has no `redis-server`."""
    words = ["--bind", "127.0.0.1", "--save", ""]
    with _serving("redis-server", words, "Ready to accept connections") as port:
        yield None if port is None else f"redis://127.0.0.1:{port}"


@contextmanager
def nats_server() -> Iterator[str | None]:
    """The address of a NATS server with JetStream; None where the system has no `nats-server`."""
    words = ["--addr", "127.0.0.1", "-js", "--store_dir", "."]
    with _serving("nats-server", words, "Server is ready") as port:
        yield None if port is None else f"nats://127.0.0.1:{port}"


@contextmanager
def _serving(name: str, words: Sequence[str], ready: str) -> Iterator[int | None]:
    """The port of a program that serves when it has printed `ready`; None where the system has none of that name."""
    program = shutil.which(name)
    if program is None:
        yield None
        return
    port = free_ports(1)[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [program, *words, "--port", str(port)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        output = process.stdout
        assert output is not None
        try:
            eventually(lambda: ready in output.readline())
            yield port
        finally:
            process.terminate()
