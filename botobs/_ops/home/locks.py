"""File locks between processes; the system lets go of them when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Seconds after which a process that only tests the lock has released it.
_GLANCE = 1.0


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock at `path` and hold it."""
    descriptor = _open(path)
    with os.fdopen(descriptor, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_exclusive(path: Path) -> int | None:
    """Take the lock at `path` for the life of this process.

    Returns:
        The descriptor that holds it, or None when another process does.
    """
    descriptor = _open(path)
    deadline = time.monotonic() + _GLANCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return None
            time.sleep(0.02)
        else:
            if os.fstat(descriptor).st_nlink:
                return descriptor
            # Its last holder has removed it: whoever comes next makes another.
            os.close(descriptor)
            descriptor = _open(path)


@contextmanager
def holding(path: Path, refusal: Exception) -> Iterator[None]:
    """Hold the lock at `path`, or raise `refusal` where another process does."""
    lock = try_exclusive(path)
    if lock is None:
        raise refusal
    try:
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    # Whatever the umask: the lock's holder must be able to open it again.
    os.fchmod(descriptor, 0o600)
    return descriptor
