"""Files that only their owner may read: how secrets are written, read, and refused when others can read them."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import StackError


def check_permissions(folder: Path) -> None:
    """Refuse secrets that others can read.

    Raises:
        StackError: The folder or something in it is open to group or others.
    """
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise StackError(
                f"{path} can be read by others (mode {mode:04o})",
                f"If nobody else has seen it: chmod go= {path}. Otherwise delete it, and a new one will be made.",
            )


def read_secret(path: Path) -> str:
    """The content of a secret's file without the line's end."""
    return path.read_text(encoding="utf-8").strip()


def write_secret(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    temporary.replace(path)
