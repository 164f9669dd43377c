"""Copies a tree of files, again and again, and says what each holds."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..home.private import make_folder

_CHUNK = 2**20
_ZEROS = bytes(_CHUNK)


@dataclass
class Mirror:
    """A copy of some folders and files below `source`, which can be brought up to date.

    Attributes:
        source: What is copied.
        target: Where to.
        names: What at the top of `source`, as far as it is there.
        left_out: Folders below it that are not copied, by their path from `source`.
        digests: SHA-256 of each file in `target`, by its path from there.
        copied: Bytes that the last `update` has written.
    """

    source: Path
    target: Path
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    copied: int = 0
    _seen: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every regular file that is to be copied, by its path from `source`; what vanishes meanwhile is none."""
        for name in self.names:
            top = self.source / name
            if top.is_file():
                yield name, top.stat()
            for folder, folders, names in os.walk(top):
                at = Path(folder).relative_to(self.source)
                folders[:] = [each for each in folders if str(at / each) not in self.left_out]
                for each in names:
                    try:
                        status = (Path(folder) / each).stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISREG(status.st_mode):
                        yield str(at / each), status

    def update(self) -> None:
        """Copy what has changed since the last time, and take away what has gone.

        Raises:
            OSError: The target cannot be written, or a file cannot be read.
        """
        self.copied = 0
        there = set()
        for path, status in self.files():
            there.add(path)
            mark = (status.st_ino, status.st_size, status.st_mtime_ns)
            if self._seen.get(path) == mark:
                continue
            make_folder((self.target / path).parent)
            try:
                self.digests[path] = copy(self.source / path, self.target / path)
            except FileNotFoundError:
                # A store has merged it into another file since it was listed.
                there.discard(path)
                continue
            self._seen[path] = mark
            self.copied += status.st_size
        for path in set(self.digests) - there:
            (self.target / path).unlink(missing_ok=True)
            del self.digests[path]
            self._seen.pop(path, None)

    def bytes_needed(self) -> int:
        """Bytes of disk that all of it takes."""
        return sum(status.st_blocks * 512 for _, status in self.files())


def copy(source: Path, target: Path) -> str:
    """Copy a file for its owner alone, holes as holes; returns its SHA-256."""
    try:
        return _copied(source, target)
    except OSError as error:
        if error.filename is None:
            error.filename = str(target)
        raise


def _copied(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as read:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as write:
            while chunk := read.read(_CHUNK):
                digest.update(chunk)
                if chunk == _ZEROS[: len(chunk)]:
                    write.seek(len(chunk), os.SEEK_CUR)
                else:
                    write.write(chunk)
            write.truncate()
            write.flush()
            os.fsync(write.fileno())
    return digest.hexdigest()


def digest_of(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


def free(folder: Path) -> int:
    """Bytes that can be written below a folder, which need not be there yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
