"""Keeps on disk what could not be delivered, across outages of the collector and ends of the process.

`spool_dir` has one folder for each process, locked while it lives. A process that starts goes on with the folder of one
that is gone, and moves the files of the others into it, as far as its own limit allows. One request is one file, named
so that a listing is the order of recording, and removed once the collector has acknowledged it. A crash between the two
sends its spans again, with the same ids, which Tempo stores as the same spans.

What the disk refuses waits in memory, as without a spool. See `spool_folder` for what may be touched.
"""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .lanes import LANES, Lane
from .spool_folder import SUBFOLDER, Folder, open_base
from .store import Loss, Memory, Parcel

#: Seconds between two looks for folders of processes that have ended meanwhile.
LOOK_INTERVAL = 30.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of the spool.

    Attributes:
        since: When this process wrote or found it, by the monotonic clock. The wall clock may be wrong at a start and
            put right by days at any time, so it decides nothing.
    """

    file: Path
    size: int
    since: float
    signal: str
    lane: Lane
    items: int


class Spool:
    """Files of one process, and of ended ones it took over. Used by the export thread alone.

    Args:
        directory: `spool_dir`; made if it is missing. Only its subfolder `botobs-spool` is used.
        max_bytes: Of all files of this process.
        max_age: Seconds after which a file is given up that this process has tried to deliver.

    Attributes:
        bytes: Of the files of this process.
        refusal: Why the directory cannot be used, for a person; empty while it can.
    """

    def __init__(self, directory: Path, max_bytes: int, max_age: float) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._last_number = 0
        self.refusal = ""
        self._reset()

    def _reset(self) -> None:
        self._entries: list[_Entry] | None = None
        self._base: int | None = None
        self._own: Folder | None = None
        self._memory = Memory()
        self._look_at = 0.0
        self.bytes = 0

    @property
    def durable(self) -> bool:
        """Whether what is in it survives the process; true until the directory has been refused."""
        return not self.refusal

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._opened() and self._memory.empty

    def add(self, parcel: Parcel) -> list[Loss]:
        """Keep a parcel; what had to be given up for it, or it itself."""
        entries = self._opened()
        if self._own is None:
            return self._in_memory(parcel)
        lost = self._make_room(len(parcel.body))
        name = self._name(parcel)
        try:
            self._own.write(name, parcel.body)
        except OSError:
            return [*lost, *self._in_memory(parcel)]
        entries.append(self._entry(name, len(parcel.body)))
        self.bytes += len(parcel.body)
        return lost

    def full(self, signal: str) -> bool:
        """Whether the disk has refused a batch of a signal: then more of it waits in the queue."""
        return self._memory.full(signal)

    def oldest(self, signal: str) -> Parcel | None:
        """The parcel of a signal to deliver next."""
        for entry in [entry for entry in self._opened() if entry.signal == signal]:
            assert self._own is not None
            try:
                return Parcel(
                    entry.signal, entry.lane, self._own.read(entry.file.name), entry.items, entry.file
                )
            except OSError:
                # Somebody has removed it, or put something else in its place.
                self._forget(entry)
        return self._memory.oldest(signal)

    def remove(self, parcel: Parcel) -> None:
        """Forget a parcel that `oldest` gave."""
        if parcel.file is None:
            self._memory.remove(parcel)
            return
        for entry in self._opened():
            if entry.file == parcel.file:
                self._forget(entry)
                return

    def expire(self) -> list[Loss]:
        """Give up what has been tried for too long; what that was."""
        horizon = time.monotonic() - self._max_age
        old = [entry for entry in self._opened() if entry.since < horizon]
        for entry in old:
            self._forget(entry)
        if self._own is not None and not self._entries and time.monotonic() >= self._look_at:
            with suppress(OSError):
                self._take_over()
        return [("expired", entry.lane, entry.signal, entry.items) for entry in old]

    def close(self) -> list[Loss]:
        """Let go of the folder, which is removed if it is empty; what is lost because it was in memory alone."""
        lost = self._memory.close()
        if self._own is not None:
            self._own.release()
        if self._base is not None:
            os.close(self._base)
        self._reset()
        return lost

    def after_fork(self) -> None:
        """In a forked child: the files are the parent's, and so must be the lock on them."""
        if self._own is not None:
            self._own.forget()
        if self._base is not None:
            os.close(self._base)
        self._reset()

    def _opened(self) -> list[_Entry]:
        """The entries, after the folder was made and ended processes' were taken over on the first call."""
        if self._entries is None:
            self._entries = []
            try:
                self._base = open_base(self._directory)
                self._take_over()
                self._own = self._own or Folder.create(self._base)
                self.refusal = ""
            except OSError as error:
                self.refusal = (
                    f"spool_dir, {self._directory}, cannot be used: {error}; what waits is kept in memory and is "
                    "lost with the process"
                )
        return self._entries

    def _take_over(self) -> None:
        """Go on with the folder of a process that has ended, and move the files of others into it.

        Raises:
            OSError: The subfolder cannot be read any more.
        """
        assert self._base is not None
        assert self._entries is not None
        self._look_at = time.monotonic() + LOOK_INTERVAL
        for folder in Folder.abandoned(self._base):
            if self._own is None:
                # This needs no room on a disk that may be full.
                self._own = folder
                self._entries.extend(self._entry(*parcel) for parcel in folder.parcels())
            else:
                self._move_from(folder)
        self._entries.sort(key=lambda entry: entry.file.name)
        self.bytes = sum(entry.size for entry in self._entries)

    def _move_from(self, other: Folder) -> None:
        """Take files of another folder while there is room; what stays there is for other processes, or for later."""
        assert self._own is not None
        assert self._entries is not None
        room = self._max_bytes - sum(entry.size for entry in self._entries)
        try:
            for name, size in other.parcels():
                room -= size
                if room < 0:
                    return
                self._own.take(other, name)
                self._entries.append(self._entry(name, size))
        except OSError:
            # The disk takes no more names.
            return
        finally:
            other.release()

    def _entry(self, name: str, size: int) -> _Entry:
        assert self._own is not None
        _, signal, lane, items, _ = name.removesuffix(".otlp").split("-")
        file = self._directory / SUBFOLDER / self._own.name / name
        return _Entry(file, size, time.monotonic(), signal, Lane(lane), int(items))

    def _name(self, parcel: Parcel) -> str:
        # Nanoseconds keep the order among processes; never twice the same, should the clock stand or step back. The
        # last part keeps files of two processes apart when they come into one folder.
        self._last_number = max(time.time_ns(), self._last_number + 1)
        number = f"{self._last_number:020d}"
        return f"{number}-{parcel.signal}-{parcel.lane}-{parcel.items}-{uuid.uuid4().hex}.otlp"

    def _in_memory(self, parcel: Parcel) -> list[Loss]:
        """Keep one batch of each signal, as without a spool; metrics need no keeping there."""
        if self._own is not None and (parcel.signal == "metrics" or self._memory.full(parcel.signal)):
            return [("spool_full", parcel.lane, parcel.signal, parcel.items)]
        return self._memory.add(parcel)

    def _make_room(self, size: int) -> list[Loss]:
        lost: list[Loss] = []
        entries = self._opened()
        for lane in reversed(LANES):
            for entry in [entry for entry in entries if entry.lane is lane]:
                if self.bytes + size <= self._max_bytes:
                    return lost
                self._forget(entry)
                lost.append(("spool_full", entry.lane, entry.signal, entry.items))
        return lost

    def _forget(self, entry: _Entry) -> None:
        assert self._own is not None
        self._opened().remove(entry)
        self.bytes -= entry.size
        self._own.remove(entry.file.name)
