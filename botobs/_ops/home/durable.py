"""Files and folders that keep their content and their names through a loss of power."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def put(made: Path, target: Path) -> None:
    """Give what has been made its final name, under which it is whole from then on or not there.

    A rename alone may reach the disk before what was written: the name then stands for an empty file.

    Args:
        made: A file, or a folder with all that is in it; on the same file system as `target`.
        target: What is there is replaced; a folder that is not empty is not.

    Raises:
        OSError: The disk does not take it, or the target cannot be replaced.
    """
    settle(made)
    made.replace(target)
    sync(target.parent)


def settle(made: Path) -> None:
    """Have a file, or a folder with all that is in it, on the disk.

    Raises:
        OSError: The disk does not take it.
    """
    for path in (*made.rglob("*"), made) if made.is_dir() else (made,):
        if not stat.S_ISLNK(path.lstat().st_mode):
            sync(path)


def sync(path: Path) -> None:
    """Have the content of a file, or the names in a folder, on the disk.

    Raises:
        OSError: The disk does not take it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
