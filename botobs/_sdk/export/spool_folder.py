"""The folder of one process; the only module that touches files of the spool, and those of the orders' journals.

`spool_dir` may contain other files: it may be a home, a project or a volume. So the whole spool is below one
subfolder, `botobs-spool`, and the journals are below another, each with one folder for each process. A file there is
read, moved or removed only if all of this holds:

- the folder has a name like ours, belongs to this user, is no link, and has a `lock` file with our marker in it;
- this process holds the lock of that file;
- the file has a name like ours, belongs to this user, and is a regular file.

Files are reached through descriptors of folders, so that no link is followed, not even one that appears meanwhile.
Folders are removed with `rmdir` alone, which fails if anything else is in them.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import uuid
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import Descriptor
from .priority import PRIORITIES

fcntl: Any
try:
    import fcntl
except ImportError:
    # Windows.
    fcntl = None

#: Below it is the spool, and nothing else of botobs.
SUBFOLDER = "botobs-spool"

_MARKER = b"A process of botobs keeps here what it could not deliver yet. Removed when that is done.\n"
_LOCK = "lock"
_FOLDER = re.compile(r"[0-9a-f]{32}")
_BATCH_NAME = re.compile(
    rf"\d{{20}}-(?:traces|metrics|logs)-(?:{'|'.join(PRIORITIES)})-\d{{1,9}}-[0-9a-f]{{32}}\.otlp"
)
_PARTIAL = ".part"
_LONGEST_NOTE = 4096

# Not there on Windows, where `open_base` refuses before they are used.
_DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
# Opening a pipe that has the name of a file would block.
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600


def open_base(directory: Path, subfolder: str = SUBFOLDER, *, create: bool = True) -> Descriptor:
    """Open the subfolder that has the processes' folders; returns a descriptor of it.

    Args:
        directory: Where it is.
        subfolder: Its name.
        create: Make both where they are missing.

    Raises:
        OSError: It cannot be created or used; the message says why.
    """
    if fcntl is None:
        raise OSError("this system has no file locks of POSIX")
    if create:
        directory.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (directory / subfolder).mkdir(mode=_PRIVATE_FOLDER)
    base = os.open(directory / subfolder, os.O_RDONLY | _DIRECTORY | _NO_LINK | os.O_CLOEXEC)
    if not _is_ours(os.fstat(base)):
        os.close(base)
        raise PermissionError(f"{directory / subfolder} belongs to another user")
    return Descriptor(base)


def write_note(base: int, name: str, text: str) -> None:
    """Write a small file beside the processes' folders, unless it is there.

    Raises:
        OSError: The disk does not take it.
    """
    with suppress(FileExistsError):
        descriptor = _create(name, base)
        try:
            os.write(descriptor, os.fsencode(text))
        finally:
            os.close(descriptor)


def read_notes(base: int, name: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Name and text of the notes that this user has left, whose names match."""
    for found in filter(name.fullmatch, _names(base)):
        with suppress(OSError):
            descriptor = _open_file(found, base, os.O_RDONLY)
            try:
                yield found, os.fsdecode(os.read(descriptor, _LONGEST_NOTE))
            finally:
                os.close(descriptor)


def remove_note(base: int, name: str) -> None:
    """Remove a note, if that is possible."""
    with suppress(OSError):
        os.unlink(name, dir_fd=base)


class Folder:
    """The locked folder of this process, which may have belonged to an ended one.

    Attributes:
        name: Its name below the base, 32 hexadecimal digits.
    """

    def __init__(self, base: int, name: str, descriptor: int, lock: int) -> None:
        self.name = name
        self._base = base
        self._folder = Descriptor(descriptor)
        self._lock = Descriptor(lock)

    @classmethod
    def create(cls, base: int, *, durable: bool = True) -> Folder:
        """Create and lock a new folder.

        Args:
            base: Below which.
            durable: Have the disk confirm it, which may take long.

        Raises:
            OSError: The disk does not take it; nothing of it is left behind.
        """
        name = uuid.uuid4().hex
        os.mkdir(name, _PRIVATE_FOLDER, dir_fd=base)
        try:
            folder = os.open(name, os.O_RDONLY | _DIRECTORY | _NO_LINK | os.O_CLOEXEC, dir_fd=base)
        except OSError:
            os.rmdir(name, dir_fd=base)
            raise
        try:
            made = cls(base, name, folder, _create(_LOCK, folder))
        except OSError:
            os.close(folder)
            os.rmdir(name, dir_fd=base)
            raise
        try:
            # Locked before it is marked: a process that sees the marker finds the lock taken while this one lives.
            fcntl.flock(made._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_all(made._lock, _MARKER)
            for descriptor in (made._lock, folder, base) if durable else ():
                os.fsync(descriptor)
        except OSError:
            made.release()
            raise
        return made

    @classmethod
    def abandoned(cls, base: int, known: Container[str] = ()) -> Iterator[Folder]:
        """Folders of ended processes but the `known` ones, each locked for this process when it is yielded."""
        for name in cls.names(base):
            if name not in known and (folder := cls._lock_abandoned(base, name)) is not None:
                yield folder

    @staticmethod
    def names(base: int) -> list[str]:
        """Names of all processes' folders."""
        return [name for name in _names(base) if _FOLDER.fullmatch(name)]

    @classmethod
    def _lock_abandoned(cls, base: int, name: str) -> Folder | None:
        descriptors: list[int] = []
        try:
            descriptors.append(os.open(name, os.O_RDONLY | _DIRECTORY | _NO_LINK | os.O_CLOEXEC, dir_fd=base))
            descriptors.append(_open_file(_LOCK, descriptors[0], os.O_RDWR))
            folder, lock = descriptors
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(lock)
            # Its process may have removed it between the opening and the locking.
            if _is_ours(os.fstat(folder)) and status.st_nlink == 1 and os.pread(lock, 1024, 0) == _MARKER:
                return cls(base, name, folder, lock)
        except OSError:
            # In use, being made or removed at this moment, or nothing of ours.
            pass
        for descriptor in descriptors:
            os.close(descriptor)
        return None

    def batches(self) -> list[tuple[str, int]]:
        """Names and sizes in bytes of its files, in the order of recording; removes partial files of a crash."""
        found = []
        for name in _names(self._folder):
            whole = name.removesuffix(_PARTIAL)
            if _BATCH_NAME.fullmatch(whole) is None:
                continue
            with suppress(OSError):
                status = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
                if not (stat.S_ISREG(status.st_mode) and _is_ours(status)):
                    continue
                if whole == name:
                    found.append((name, status.st_size))
                else:
                    self.remove(name)
        return found

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            OSError: The disk does not take it; nothing of it is left behind.
        """
        partial = name + _PARTIAL
        descriptor = _create(partial, self._folder)
        try:
            try:
                _write_all(descriptor, content)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.rename(partial, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError:
            self.remove(partial)
            raise
        os.fsync(self._folder)

    def allocate(self, name: str, size: int) -> int:
        """Create a file of zeros whose room on the disk is taken already; returns its descriptor.

        A file with holes would not do for a memory map: where the disk is full, a store to it ends the process.

        Raises:
            OSError: The disk does not take it; nothing of it is left behind.
        """
        descriptor = _create(name, self._folder)
        try:
            _take_room(descriptor, size)
        except OSError:
            os.close(descriptor)
            self.remove(name)
            raise
        return descriptor

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            OSError: It is gone, or is not what was written.
        """
        with os.fdopen(_open_file(name, self._folder, os.O_RDONLY), "rb") as stream:
            return stream.read()

    def modified(self, name: str) -> float:
        """When a file was last written to, in seconds since the epoch.

        Raises:
            OSError: It is gone.
        """
        return os.stat(name, dir_fd=self._folder, follow_symlinks=False).st_mtime

    def take(self, other: Folder, name: str) -> None:
        """Move a file of another folder into this one.

        Raises:
            OSError: It cannot be moved, and stays where it is.
        """
        os.rename(name, name, src_dir_fd=other._folder, dst_dir_fd=self._folder)

    def remove(self, name: str) -> None:
        """Remove a file, if that is possible."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self._folder)

    def release(self) -> None:
        """Unlock and close the folder, and remove it if no file is left in it."""
        with suppress(OSError):
            if _names(self._folder) == [_LOCK]:
                os.unlink(_LOCK, dir_fd=self._folder)
                os.rmdir(self.name, dir_fd=self._base)
        self.forget()

    def forget(self) -> None:
        """Close the descriptors only: in a forked child the folder and its lock stay the parent's."""
        self._lock.close()
        self._folder.close()


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def _create(name: str, folder: int) -> int:
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | _NO_LINK | os.O_CLOEXEC
    return os.open(name, flags, _PRIVATE_FILE, dir_fd=folder)


def _open_file(name: str, folder: int, flags: int) -> int:
    descriptor = os.open(name, flags | _NO_LINK | _NO_WAIT | os.O_CLOEXEC, dir_fd=folder)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and _is_ours(status):
        return descriptor
    os.close(descriptor)
    raise PermissionError(f"{name} is no file of this user")


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _take_room(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
            return
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
    _write_all(descriptor, bytes(size))


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid()
