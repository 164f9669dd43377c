"""Files where anything may have happened.

At paths that come from outside there may be a pipe, a device, a huge file. Descriptors may be closed by the program,
as it does that becomes a daemon; their numbers are something else's then, such as its connection to an exchange.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

#: Bytes of a settings file or a certificate at most.
_LARGEST = 4 * 2**20

# Opening a pipe does not wait, and Windows changes no line ends; each flag exists on its own platform alone.
_MODE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def identity(descriptor: int) -> tuple[int, int] | None:
    """What tells an open descriptor from others that have its number later; None if it is not open."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Descriptor(int):
    """A descriptor that stays open for long."""

    _identity: tuple[int, int] | None

    def __new__(cls, number: int) -> Descriptor:
        """Take over an open descriptor."""
        made = super().__new__(cls, number)
        made._identity = identity(number)
        return made

    def close(self) -> None:
        """Close it, unless the program has."""
        if identity(self) == self._identity is not None:
            os.close(self)


class NotRegularFile(OSError):
    """There is a pipe, a folder or a device at the path."""


class FileTooLarge(OSError):
    """The file has more bytes than are read."""


def read_small(
    path: Path,
    largest: int = _LARGEST,
    *,
    follow_links: bool = True,
    check: Callable[[os.stat_result], None] | None = None,
) -> bytes:
    """The content of a small regular file; never waits, as a pipe would make it.

    Args:
        path: The file.
        largest: Bytes that it may have.
        follow_links: Whether `path` may be a symbolic link.
        check: Called with the status of the opened file before it is read; what it raises is passed on.

    Raises:
        NotRegularFile: It is no regular file.
        FileTooLarge: It has more than `largest` bytes.
        OSError: It cannot be read.
        ValueError: `path` cannot be a path.
    """
    mode = path.stat(follow_symlinks=follow_links).st_mode
    # A link that may not be followed is refused by the system below.
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise NotRegularFile("it is no file")
    # It may have become a pipe meanwhile.
    descriptor = os.open(path, _MODE if follow_links else _MODE | _NO_LINK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularFile("it is no file")
        if check is not None:
            check(status)
        content = file.read(largest + 1)
    if len(content) > largest:
        raise FileTooLarge(f"it is larger than {_size(largest)}")
    return content


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 2**20 else f"{count} bytes"
