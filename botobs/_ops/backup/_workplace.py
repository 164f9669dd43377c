"""Folders in which a backup, or a home, is made before it gets its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StackError
from ..home.locks import holding
from ..home.private import make_folder


@contextmanager
def workplace(target: Path, use: str) -> Iterator[Path]:
    """A folder beside `target`, on its disk: empty at first, gone at the end, and of one process at a time.

    Args:
        target: What is made or read.
        use: A word for what is done, which is part of the folder's name.

    Raises:
        StackError: Another process uses it.
        OSError: It cannot be made.
    """
    folder = target.with_name(f".{target.name}.{use}")
    lock = folder.with_name(f"{folder.name}.lock")
    make_folder(folder.parent)
    refusal = StackError(f"another backup or restore of {target} is under way", "Wait until it has ended.")
    with holding(lock, refusal):
        # An earlier one may have been killed.
        shutil.rmtree(folder, ignore_errors=True)
        try:
            make_folder(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink()
