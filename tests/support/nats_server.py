"""A NATS server for a test, from the system's package."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from botobs._ops.components.ports import free_ports
from tests.support.waiting import eventually


@contextmanager
def nats_server() -> Iterator[str | None]:
    """The address of a NATS server with JetStream; None where the system has no `nats-server`."""
    program = shutil.which("nats-server")
    if program is None:
        yield None
        return
    port = free_ports(1)[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [program, "--addr", "127.0.0.1", "--port", str(port), "-js", "--store_dir", folder],
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        output = process.stderr
        assert output is not None
        try:
            eventually(lambda: "Server is ready" in output.readline())
            yield f"nats://127.0.0.1:{port}"
        finally:
            process.terminate()
