"""The spool: keeps undelivered batches on disk, across outages of the collector and restarts of the process.

`spool_dir` has one folder for each process, locked while the process runs. A process that starts takes over the folder
of one that has ended, and moves the files of other ended ones into it, as far as its own limit allows. One batch is one
file, named so that a sorted listing is the order of recording, and removed once the collector has acknowledged it.
After a crash between the two its spans are sent again with the same ids, which Tempo stores once.

What the disk does not take waits in memory, as without a spool. See `spool_folder` for which files may be touched.
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..files import Descriptor
from .priority import PRIORITIES, Priority
from .spool_folder import SUBFOLDER, Folder, open_base
from .store import Batch, Loss, Memory

#: Seconds between two looks for folders of processes that have ended meanwhile.
LOOK_INTERVAL = 30.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of the spool.

    Attributes:
        since: Reading of `time.monotonic` when this process wrote or found it. The wall clock may be wrong at a start
            and be corrected by days at any time.
    """

    file: Path
    size: int
    since: float
    signal: str
    priority: Priority
    items: int


class Spool:
    """The files of this process, and of ended ones that it took over. Used by the export thread alone.

    Args:
        directory: `spool_dir`; made if it is missing. Only its subfolder `botobs-spool` is used.
        max_bytes: Limit of all files of this process together.
        max_age: Seconds after which a file is dropped that this process has tried to deliver.

    Attributes:
        bytes: Bytes of the files of this process.
        disk_error: Why the directory cannot be used, for a person; empty while it can.
    """

    def __init__(self, directory: Path, max_bytes: int, max_age: float) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._last_number = 0
        self.disk_error = ""
        self._reset()

    def _reset(self) -> None:
        self._entries: list[_Entry] | None = None
        self._base: Descriptor | None = None
        self._own: Folder | None = None
        self._memory = Memory()
        self._look_at = 0.0
        self.bytes = 0
        self._unread: list[Loss] = []

    @property
    def durable(self) -> bool:
        """Whether what is in it survives the process; true until the directory turned out to be unusable."""
        return not self.disk_error

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._opened() and self._memory.empty

    def add(self, batch: Batch) -> list[Loss]:
        """Keep a batch; returns what was dropped for it, or the batch itself."""
        entries = self._opened()
        if self._own is None:
            return self._in_memory(batch)
        lost = self._make_room(batch)
        if lost is None:
            return [("spool_full", batch.priority, batch.signal, batch.items)]
        name = self._name(batch)
        try:
            self._own.write(name, batch.body)
        except OSError:
            return [*lost, *self._in_memory(batch)]
        entries.append(self._entry(name, len(batch.body)))
        self.bytes += len(batch.body)
        return lost

    def full(self, signal: str) -> bool:
        """Whether a batch of the signal waits in memory because the disk did not take it."""
        return self._memory.full(signal)

    def oldest(self, signal: str) -> Batch | None:
        """The batch of a signal to deliver next; None if none waits."""
        for entry in [entry for entry in self._opened() if entry.signal == signal]:
            assert self._own is not None
            try:
                return Batch(
                    entry.signal, entry.priority, self._own.read(entry.file.name), entry.items, entry.file
                )
            except OSError:
                # It was removed, replaced by something else, or the disk does not give it back.
                self._forget(entry)
                self._unread.append(("spool_unreadable", entry.priority, entry.signal, entry.items))
        return self._memory.oldest(signal)

    def remove(self, batch: Batch) -> None:
        """Remove a batch that `oldest` returned."""
        if batch.file is None:
            self._memory.remove(batch)
            return
        for entry in self._opened():
            if entry.file == batch.file:
                self._forget(entry)
                return

    def replace(self, batch: Batch, rest: Batch) -> list[Loss]:
        """Keep `rest` in place of a batch that `oldest` returned; returns what was dropped for it."""
        if batch.file is None:
            return self._memory.replace(batch, rest)
        # In this order: a crash between the two sends something twice, and loses nothing.
        lost = self.add(rest)
        self.remove(batch)
        return lost

    def expire(self) -> list[Loss]:
        """Drop batches older than `spool_age`, and take over folders of ended processes.

        Returns:
            What was dropped, and what could not be read since the last call.
        """
        oldest_kept = time.monotonic() - self._max_age
        lost, self._unread = self._unread, []
        old = [entry for entry in self._opened() if entry.since < oldest_kept]
        for entry in old:
            self._forget(entry)
        if self._own is not None and not self._entries and time.monotonic() >= self._look_at:
            with suppress(OSError):
                self._take_over()
        return lost + [("expired", entry.priority, entry.signal, entry.items) for entry in old]

    def close(self) -> list[Loss]:
        """Release the folder, removing it if it is empty; returns what is lost because it was in memory alone."""
        lost = self._memory.close()
        if self._own is not None:
            self._own.release()
        if self._base is not None:
            self._base.close()
        self._reset()
        return lost

    def after_fork(self) -> None:
        """Start over in a forked child: the files and the lock on them stay the parent's."""
        if self._own is not None:
            self._own.forget()
        if self._base is not None:
            self._base.close()
        self._reset()

    def _opened(self) -> list[_Entry]:
        """The entries. The first call creates the folder and takes over those of ended processes."""
        if self._entries is None:
            self._entries = []
            try:
                self._base = open_base(self._directory)
                self._take_over()
                self._own = self._own or Folder.create(self._base)
                self.disk_error = ""
            except OSError as error:
                self.disk_error = (
                    f"spool_dir, {self._directory}, cannot be used: {error}; what waits is kept in memory and is "
                    "lost with the process"
                )
        return self._entries

    def _take_over(self) -> None:
        """Take over the folder of an ended process, and move the files of further ones into it.

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
                self._entries.extend(self._entry(*batch) for batch in folder.batches())
            else:
                self._move_from(folder)
        self._entries.sort(key=lambda entry: entry.file.name)
        self.bytes = sum(entry.size for entry in self._entries)

    def _move_from(self, other: Folder) -> None:
        """Move files from another folder while there is room; the rest stays for other processes, or for later."""
        assert self._own is not None
        assert self._entries is not None
        room = self._max_bytes - sum(entry.size for entry in self._entries)
        try:
            for name, size in other.batches():
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
        _, signal, priority, items, _ = name.removesuffix(".otlp").split("-")
        file = self._directory / SUBFOLDER / self._own.name / name
        return _Entry(file, size, time.monotonic(), signal, Priority(priority), int(items))

    def _name(self, batch: Batch) -> str:
        # Nanoseconds keep the order among processes; never twice the same, should the clock stand or step back. The
        # last part keeps files of two processes apart when they come into one folder.
        self._last_number = max(time.time_ns(), self._last_number + 1)
        number = f"{self._last_number:020d}"
        return f"{number}-{batch.signal}-{batch.priority}-{batch.items}-{uuid.uuid4().hex}.otlp"

    def _in_memory(self, batch: Batch) -> list[Loss]:
        """Keep one batch of each signal in memory, as without a spool."""
        if self._own is not None and (batch.signal == "metrics" or self._memory.full(batch.signal)):
            return [("spool_full", batch.priority, batch.signal, batch.items)]
        return self._memory.add(batch)

    def _make_room(self, batch: Batch) -> list[Loss] | None:
        """Drop what is less important than a batch, or as important and older; None if that is not enough."""
        size, entries = len(batch.body), self._opened()
        droppable = PRIORITIES[PRIORITIES.index(batch.priority) :]
        kept = sum(entry.size for entry in entries if entry.priority not in droppable)
        if kept + size > self._max_bytes:
            # Metrics that are too large must not cost the orders.
            return None
        lost: list[Loss] = []
        for priority in reversed(droppable):
            for entry in [entry for entry in entries if entry.priority is priority]:
                if self.bytes + size <= self._max_bytes:
                    return lost
                self._forget(entry)
                lost.append(("spool_full", entry.priority, entry.signal, entry.items))
        return lost

    def _forget(self, entry: _Entry) -> None:
        assert self._own is not None
        self._opened().remove(entry)
        self.bytes -= entry.size
        self._own.remove(entry.file.name)
