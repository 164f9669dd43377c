"""The SDK as it was at an earlier commit, built as a wheel, and the demo's services of that time on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg

from botobs._demo import services
from botobs._demo.database import apply_schema
from botobs._ops.components.roles import DEMO_DATABASE, DEMO_ROLE
from botobs._ops.processes.process import Process
from botobs._ops.stack.stack import Stack
from tests.support import earlier

ROOT = Path(__file__).parents[2]
COMMIT = str(tomllib.loads((ROOT / "tests/drills/previous_sdk.toml").read_text(encoding="utf-8"))["commit"])
#: Of the services on it, so that their telemetry can be told apart.
ENVIRONMENT = "previous"
_DATABASE = "previous"


def installed() -> Path:
    """A folder for `PYTHONPATH` with the wheel and the demo of `COMMIT`; built once, into the cache.

    Raises:
        RuntimeError: The commit is not in this checkout, or no wheel can be built of it.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "botobs" / "tests"
    folder = cache / f"sdk-{COMMIT[:12]}"
    if folder.exists():
        return folder
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    source = partial / "source"
    try:
        earlier.extract(COMMIT, source)
        _run("build", "--wheel", "--outdir", str(partial), str(source))
        (wheel,) = partial.glob("*.whl")
        _run("pip", "install", "--quiet", "--no-deps", "--target", str(partial / "site"), str(wheel))
        shutil.move(source / "demo", partial / "site" / "demo")
        (partial / "site").rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _run(module: str, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2000:]}")


def fleet(load: services.Load, site: Path) -> Callable[[Stack], Iterator[Process]]:
    """What `Stack.add` takes: the demo's services of that time, with a database of their own."""

    def parts(stack: Stack) -> Iterator[Process]:
        assert stack.database is not None
        database = stack.database
        ours, theirs = (database.url(DEMO_ROLE, name) for name in (DEMO_DATABASE, _DATABASE))

        async def prepare() -> None:
            connection = await asyncpg.connect(database.url("postgres", "postgres"))
            try:
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", _DATABASE):
                    await connection.execute(f"CREATE DATABASE {_DATABASE} OWNER {DEMO_ROLE}")
            finally:
                await connection.close()
            await apply_schema(theirs)

        names = set(services.PORTS)
        for part in services.make(load, ports_auto=True)(stack):
            environ = {name: theirs if value == ours else value for name, value in part.environ.items()}
            yield replace(
                part,
                name=f"previous-{part.name}",
                command=[sys.executable, "-P", "-m", f"demo.{part.name.replace('-', '_')}"],
                environ={**environ, "PYTHONPATH": str(site), "BOTOBS_ENVIRONMENT": ENVIRONMENT},
                after=tuple(f"previous-{name}" if name in names else name for name in part.after),
                prepare=prepare if part.prepare is not None else None,
            )

    return parts
