"""Reads files that somebody else has put where we look, and which may be anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Bytes of a settings file, a certificate or a token.
_LARGEST = 4 * 2**20

# A pipe is not waited for, and Windows changes no line ends; each is known to its own platform alone.
_MODE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_small(path: Path) -> bytes:
    """The content of a file that must be a regular one and small; never waits.

    Raises:
        OSError: It cannot be read, is no regular file (a pipe would be waited for), or is larger than 4 MiB.
        ValueError: It is no path at all.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is no file")
    # It may have become a pipe meanwhile.
    with os.fdopen(os.open(path, os.O_RDONLY | _MODE), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no file")
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(f"it is larger than {_LARGEST >> 20} MiB")
    return content
