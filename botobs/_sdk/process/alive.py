"""Whether a process that is known by its number still runs; the number alone does not say, for it is reused.

Linux needs no psutil, which further interpreters of a process cannot import.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:
    # Windows.
    fcntl = None


def identity(pid: int) -> str | None:
    """A text that differs for every process that had or gets the number `pid`.

    Returns:
        None if there is no such process, or it is a zombie.
    """
    if sys.platform == "linux":
        return _identity_from_proc(pid)
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except (psutil.Error, OverflowError, ValueError):
        return None


def _identity_from_proc(pid: int) -> str | None:
    # Cheaper than psutil, and independent of the wall clock: ticks since boot.
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except (OSError, ValueError):
        return None
    # The name of the program, in parentheses, may contain anything.
    fields = status.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else f"{_boot()} {fields[19].decode()}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "-"


def send(pid: int, who: str, number: signal.Signals) -> bool:
    """Send a signal to the process whose `identity` was `who`.

    Returns:
        Whether it still ran.

    Raises:
        PermissionError: It belongs to another user.
    """
    handle = _handle(pid)
    try:
        if identity(pid) != who:
            return False
        if handle is None:
            return _send_by_number(pid, number)
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def _send_by_number(pid: int, number: signal.Signals) -> bool:
    import psutil

    try:
        psutil.Process(pid).send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def _handle(pid: int) -> int | None:
    """A pidfd, which refers to this process even if its number is reused; None where there are none."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except (OSError, OverflowError, ValueError):
        # There is no such process, which the caller finds out next, or a sandbox forbids it.
        return None


def locked(path: Path) -> bool:
    """Whether a process holds the lock file `path`; the system releases it when that process ends."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
