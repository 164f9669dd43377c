"""File locks between processes; the system lets go of them when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StackError

#: Seconds after which a process that only tests the lock has released it.
_GLANCE = 1.0


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock at `path` and hold it.

    Raises:
        StackError: Its file system has no locks.
        OSError: It cannot be opened.
    """
    descriptor = _open(path)
    with os.fdopen(descriptor, "w") as file:
        _lock(path, file.fileno(), fcntl.LOCK_EX)
        yield


def try_exclusive(path: Path) -> int | None:
    """Take the lock at `path` for the life of this process.

    Returns:
        The descriptor that holds it, or None when another process does.

    Raises:
        StackError: Its file system has no locks.
        OSError: It cannot be opened.
    """
    descriptor = _open(path)
    deadline = time.monotonic() + _GLANCE
    while True:
        try:
            _lock(path, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
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


def _lock(path: Path, descriptor: int, how: int) -> None:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        raise
    except OSError as error:
        # NFS without a lock manager, and some file systems in user space.
        raise StackError(
            f"{path} cannot be locked, so another process may write beside us: {error.strerror}",
            "Have the folder on a disk of this machine; --home or BOTOBS_HOME names the stack's.",
        ) from None
