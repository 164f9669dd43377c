"""The file of this process's journal of orders, and the files of processes that have ended.

They are below `botobs-orders`, in `spool_dir` or, without it, in the user's state folder, one folder for each process.
The rules for what may be touched there are those of the spool (`spool_folder`). A note in the state folder names each
other directory, so that a stack on this machine looks there too.

The file goes when its process ends in good order. What is left, and unlocked, is of one that was killed.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import time
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..orders.journal import SIZE, Submission, left, read_header
from .spool_folder import Folder, open_base, read_notes, remove_note, write_note

SUBFOLDER = "botobs-orders"
_NAME = "journal"
_NOTE_ENDING = ".where"
_NOTE = re.compile(r"[0-9a-f]{32}\.where")
#: Seconds for which a file is kept whose destination no process here sends to.
_KEPT = 7 * 86400.0
#: Files without orders that are kept beside each other, each of some 1 MB: a service that dies at every start while its
#: collector is away leaves one each time.
_MOST_LEFT = 32


class JournalFile:
    """The file of this process.

    Args:
        directory: Made if it is missing. Only its subfolder `botobs-orders` is used.

    Attributes:
        memory: The file as memory.

    Raises:
        OSError: It cannot be made; nothing of it is left behind.
    """

    def __init__(self, directory: Path) -> None:
        self._base = open_base(directory, SUBFOLDER)
        _make_room(self._base)
        try:
            # What is in it does not survive the machine; the first order may come at any moment.
            self._folder = Folder.create(self._base, durable=False)
        except OSError:
            self._base.close()
            raise
        try:
            descriptor = self._folder.allocate(_NAME, SIZE)
            try:
                self.memory = mmap.mmap(descriptor, SIZE)
            finally:
                os.close(descriptor)
        except (OSError, ValueError):
            self.close(keep=False)
            raise

    def close(self, keep: bool) -> None:
        """Let go of the file, and remove it unless it is to be kept for another process to deliver."""
        if not keep:
            self._folder.remove(_NAME)
        self._folder.release()
        self._base.close()

    def forget(self) -> None:
        """In a forked child: the file stays the parent's."""
        self._folder.forget()
        self._base.close()


def _make_room(base: int) -> None:
    for number, folder in enumerate(Folder.abandoned(base)):
        try:
            # One that holds orders stays, however many there are.
            with suppress(OSError):
                if number >= _MOST_LEFT and not any(left(folder.read(_NAME))):
                    folder.remove(_NAME)
        finally:
            folder.release()


def announce(state_dir: Path, directory: Path) -> None:
    """Leave a note in the state folder that journals are in `directory`.

    Raises:
        OSError: It cannot be left.
    """
    base = open_base(state_dir, SUBFOLDER)
    try:
        name = hashlib.sha256(os.fsencode(directory.absolute())).hexdigest()[:32] + _NOTE_ENDING
        write_note(base, name, str(directory.absolute()))
    finally:
        base.close()


def announced(state_dir: Path) -> list[Path]:
    """The directories that notes in the state folder name; notes of those that are gone are removed."""
    found = []
    try:
        base = open_base(state_dir, SUBFOLDER, create=False)
    except OSError:
        # No order has been sent yet.
        return []
    try:
        for name, text in read_notes(base, _NOTE):
            directory = Path(text)
            if directory.is_absolute() and (directory / SUBFOLDER).is_dir():
                found.append(directory)
            else:
                remove_note(base, name)
    finally:
        base.close()
    return found


@dataclass(frozen=True, slots=True)
class Left:
    """What a process has left that was killed.

    Attributes:
        destination: Where it may be sent.
        resource: The OTLP resource of the process, encoded and redacted.
        orders: Its submissions without a response.
        died: Whether the process alone has ended; one that the machine took along is no news.
    """

    destination: str
    resource: bytes
    orders: list[Submission]
    died: bool


#: Delivers what a killed process has left; returns whether that is done with, None if another process has to.
Deliver = Callable[[Left], bool | None]


def deliver_left(directory: Path, deliver: Deliver, foreign: Container[str] = ()) -> set[str]:
    """Deliver what killed processes have left in a directory; never raises an OSError.

    Each is locked meanwhile, so that one process alone delivers it.

    Args:
        directory: With the subfolder `botobs-orders`.
        deliver: Called for each file.
        foreign: Names that are left out.

    Returns:
        The names of those that another process has to deliver.
    """
    others: set[str] = set()
    try:
        base = open_base(directory, SUBFOLDER, create=False)
    except OSError:
        # No order has been sent here yet, or the folder cannot be used.
        return others
    try:
        with suppress(OSError):
            for folder in Folder.abandoned(base, foreign):
                try:
                    if not _deliver(folder, deliver):
                        others.add(folder.name)
                finally:
                    folder.release()
    finally:
        base.close()
    return others


def processes(directory: Path, foreign: Container[str] = ()) -> int:
    """How many processes have a journal in a directory, but those in folders named `foreign`."""
    try:
        base = open_base(directory, SUBFOLDER, create=False)
    except OSError:
        return 0
    try:
        return sum(name not in foreign for name in Folder.names(base))
    finally:
        base.close()


def _deliver(folder: Folder, deliver: Deliver) -> bool:
    """Deliver what is in one folder; whether it was ours to deliver."""
    try:
        content = folder.read(_NAME)
        modified = folder.modified(_NAME)
    except OSError:
        # Its process ended before it had made one.
        return True
    header = read_header(content)
    orders = list(left(content))
    died = modified > _booted()
    done = deliver(Left(*header, orders, died)) if header is not None and (orders or died) else True
    if done or (done is None and modified < time.time() - _KEPT):
        folder.remove(_NAME)
    return done is not None


def _booted() -> float:
    """When this machine was started, in seconds since the epoch."""
    # Without it, macOS for one: after a sleep a time that is too late, and deaths from before are not told.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.time() - time.clock_gettime(clock)
