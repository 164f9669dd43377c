"""A Redis for a test, from the system's package."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from botobs._ops.components.ports import free_ports
from tests.support.waiting import eventually


@contextmanager
def redis_server() -> Iterator[str | None]:
    """The address of a Redis that keeps nothing; None where the system has no `redis-server`."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = free_ports(1)[0]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process,
    ):
        output = process.stdout
        assert output is not None
        try:
            eventually(lambda: "Ready to accept connections" in output.readline())
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
