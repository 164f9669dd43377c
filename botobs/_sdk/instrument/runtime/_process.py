"""What the system says of this process.

Linux is read directly: further interpreters of a process (`concurrent.futures.InterpreterPoolExecutor`) cannot import
psutil. Elsewhere it is imported with this module, not on the thread that exports: a fork while another thread imports
leaves a child that can never import the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_IS_LINUX = sys.platform == "linux"

psutil: Any = None
if not _IS_LINUX:
    import psutil


def memory() -> int | None:
    """Bytes in memory (resident set); None if the system does not say."""
    if not _IS_LINUX:
        return int(psutil.Process().memory_info().rss)
    pages = _field("statm", 1)
    return None if pages is None else pages * os.sysconf("SC_PAGE_SIZE")


def threads() -> int | None:
    """Threads, those of C libraries too; None if the system does not say."""
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    return _field("stat", 17) if _IS_LINUX else int(psutil.Process().num_threads())


def descriptors() -> int | None:
    """Open file descriptors; None if the system does not say."""
    if not _IS_LINUX:
        return int(psutil.Process().num_fds())
    try:
        # Less the one by which they are listed.
        return sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1
    except OSError:
        return None


def _field(file: str, index: int) -> int | None:
    """A number of a file of `/proc/self`, counted from the first field after the program's name, if that is in it."""
    try:
        # The name is in parentheses and may contain anything.
        return int(Path("/proc/self", file).read_bytes().rpartition(b")")[2].split()[index])
    except (OSError, ValueError, IndexError):
        return None
