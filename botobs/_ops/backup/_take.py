"""Takes a backup, of a stack that runs or of one that does not.

Of a stack that runs, everything is copied once while it works. Then the collector is held, so that nothing changes
hands, and the stores after it; only what has changed since is copied again, and all of them go on. What services send
meanwhile waits with them. A snapshot by Prometheus' API would need no pause, but the API that takes it also deletes
series, to users with a password (https://prometheus.io/docs/prometheus/latest/querying/api/#tsdb-admin-apis).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import StackError
from ..home import record
from ..home.durable import put
from ..home.home import Home
from ..home.locks import holding
from ..home.state import Running
from ..processes import control
from . import _manifest
from ._copy import Mirror, free
from ._workplace import workplace

#: What a backup contains. Configuration is rendered again at every start.
KEPT = ("data", "secrets", "custom", "botobs.toml", record.NAME)
#: The data of the bundled PostgreSQL, which is for trials; databases have their own backup tools.
LEFT_OUT = ("data/postgres",)
#: Seconds that a process may be held at least, and as many times the first copy as that took.
_LEAST_LEASE, _TIMES = 120.0, 2.0
#: Seconds in which a store that has much to read is ready again.
_READY = 1800.0


@dataclass(frozen=True)
class Taken:
    """A backup.

    Attributes:
        place: Where it is: a folder, or an address in S3.
        files: How many files.
        bytes: How many bytes of disk.
        pause: Seconds for which the stack stood still; 0 where it did not run.
    """

    place: str
    files: int
    bytes: int
    pause: float


def take(home: Home, folder: Path, running: Running | None) -> Taken:
    """Copy a home into a folder.

    Args:
        home: Whose data, secrets, settings and own files.
        folder: Where to; it must not be there yet.
        running: Its stack, if that runs.

    Raises:
        StackError: The folder is there or has no room, or the stack cannot be held.
        OSError: Something cannot be read or written.
    """
    if not home.exists:
        raise StackError(f"no stack has been set up in {home.path}", "Name its folder with --home.")
    if folder.exists():
        raise StackError(f"{folder} is there already", "Name a folder that is not there yet.")
    if home.path in (folder, *folder.parents):
        raise StackError(f"{folder} is inside the home {home.path}", "Name a folder elsewhere.")
    with workplace(folder, "partial") as partial:
        mirror = Mirror(home.path, partial, KEPT, LEFT_OUT)
        needed, room = mirror.bytes_needed(), free(partial)
        if needed > room:
            raise StackError(
                f"a backup needs {needed / 1e6:,.1f} MB, and {folder.parent} has {room / 1e6:,.1f}",
                "Make room, or name a folder on another disk.",
            )
        pause = _of_running(running, mirror) if running is not None else _of_stopped(home, mirror)
        _manifest.write(partial, record.read(home).botobs, mirror.digests)
        put(partial, folder)
    return Taken(str(folder), len(mirror.digests), needed, pause)


def _of_stopped(home: Home, mirror: Mirror) -> float:
    refusal = StackError(f"a stack starts or stops in {home.path} at this moment", "Try again.")
    with holding(home.lock, refusal):
        mirror.update()
    return 0.0


def _of_running(running: Running, mirror: Mirror) -> float:
    if still := control.stopped(running.home.control):
        # It would have to be killed, with what it has not written yet.
        raise StackError(
            f"{still[0]} stands still, and cannot be stopped in good order",
            "See when it is well: botobs status",
        )
    began = time.monotonic()
    mirror.update()
    lease = _LEAST_LEASE + _TIMES * (time.monotonic() - began)
    began = time.monotonic()
    with _held(running, lease):
        mirror.update()
        # Whatever has come back by itself has written since.
        if time.monotonic() - began > lease:
            raise StackError(f"what had changed could not be copied within {lease:.0f} s", "Try again.")
    return time.monotonic() - began


@contextmanager
def _held(running: Running, lease: float) -> Iterator[None]:
    """The stack without what writes into its data: collectors stop first and come back last."""
    stored = [name for name in running.parts if (running.home.data / name).is_dir() and name != "postgres"]
    receiving = [
        name for name in stored if name.split("-")[0] in ("collector", "gateway", "sampler", "agent")
    ]
    stores = [name for name in stored if name not in receiving]
    try:
        for group in (receiving, stores):
            _each(running, "hold", group, lease)
        yield
    finally:
        for group in (stores, receiving):
            _each(running, "release", group, None)


def _each(running: Running, do: str, names: Iterable[str], seconds: float | None) -> None:
    # Several of a kind are only ready together.
    with ThreadPoolExecutor(max_workers=32) as pool:
        asked = [pool.submit(control.ask, running.home.control, do, name, seconds, _READY) for name in names]
    for each in asked:
        each.result()
