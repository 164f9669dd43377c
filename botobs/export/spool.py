"""Keeps on disk what could not be delivered, across outages of the collector and ends of the process.

`spool_dir` has one directory for each process, locked while it lives. A process that starts takes over those of
processes that are gone. One request is one file, named so that a listing is the order of recording; it is written
under another name first, so a crash leaves no half of one, and removed once the collector has acknowledged it. A crash
between the two sends its spans again, with the same ids, which Tempo stores as the same spans.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .lanes import LANES, Lane
from .store import Loss, Parcel


@dataclass(frozen=True, slots=True)
class _Entry:
    file: Path
    size: int
    written: float
    signal: str
    lane: Lane
    items: int


class Spool:
    """Files of one process, and of ended ones it took over. Used by the export thread alone.

    Args:
        directory: `spool_dir`; made if it is missing, readable by this user alone.
        max_bytes: Of all files of this process.
        max_age: Seconds after which a file is given up.
    """

    durable = True

    def __init__(self, directory: Path, max_bytes: int, max_age: float) -> None:
        self._root = directory
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._entries: list[_Entry] | None = None
        self._own: Path | None = None
        self._locks: list[tuple[Path, int]] = []
        self._last_number = 0
        self.bytes = 0

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._opened()

    def add(self, parcel: Parcel) -> list[Loss]:
        """Keep a parcel; what had to be given up for it, or it itself when the disk refuses it."""
        entries = self._opened()
        lost = self._make_room(len(parcel.body))
        try:
            if self._own is None:
                raise OSError("no directory")
            file = self._own / self._name(parcel)
            partial = file.with_suffix(".part")
            with partial.open("wb") as stream:
                stream.write(parcel.body)
                stream.flush()
                os.fsync(stream.fileno())
            partial.rename(file)
        except OSError:
            return [*lost, ("spool_full", parcel.lane, parcel.signal, parcel.items)]
        entries.append(_Entry(file, len(parcel.body), time.time(), parcel.signal, parcel.lane, parcel.items))
        self.bytes += len(parcel.body)
        return lost

    def full(self, signal: str) -> bool:  # noqa: ARG002
        """Never: the disk has its own bound, and gives up what matters least."""
        return False

    def oldest(self, signal: str) -> Parcel | None:
        """The parcel of a signal to deliver next."""
        for entry in [entry for entry in self._opened() if entry.signal == signal]:
            try:
                return Parcel(entry.signal, entry.lane, entry.file.read_bytes(), entry.items, entry.file)
            except OSError:
                self._forget(entry)
        return None

    def remove(self, parcel: Parcel) -> None:
        """Forget a parcel that `oldest` gave."""
        for entry in self._opened():
            if entry.file == parcel.file:
                self._forget(entry)
                return

    def expire(self) -> list[Loss]:
        """Give up what is too old; what that was."""
        horizon = time.time() - self._max_age
        old = [entry for entry in self._opened() if entry.written < horizon]
        for entry in old:
            self._forget(entry)
        return [("expired", entry.lane, entry.signal, entry.items) for entry in old]

    def close(self) -> list[Loss]:
        """Let go of the directories; empty ones are removed."""
        for directory, lock in self._locks:
            try:
                if not any(directory.glob("*.otlp")):
                    for file in directory.iterdir():
                        file.unlink(missing_ok=True)
                    directory.rmdir()
            except OSError:
                # Somebody else looks into it; it is taken over and removed by a later process.
                continue
            finally:
                os.close(lock)
        self._locks = []
        self._entries = None
        self._own = None
        return []

    def after_fork(self) -> None:
        """In a forked child: the files are the parent's, and so must be the lock on them."""
        for _, lock in self._locks:
            os.close(lock)
        self._locks = []
        self._entries = None
        self._own = None
        self.bytes = 0

    def _opened(self) -> list[_Entry]:
        """The entries, after the directory was made and ended processes' were taken over on the first call."""
        if self._entries is None:
            self._entries = []
            self.bytes = 0
            try:
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._take_over()
                own = self._root / uuid.uuid4().hex
                own.mkdir(mode=0o700)
                self._lock(own)
                self._own = own
            except OSError:
                # Without a directory each parcel is counted as lost when it comes.
                self._own = None
        return self._entries

    def _take_over(self) -> None:
        found: list[_Entry] = []
        for directory in sorted(self._root.iterdir()):
            if directory.is_dir() and self._lock(directory):
                found.extend(_entries(directory))
        assert self._entries is not None
        self._entries.extend(sorted(found, key=lambda entry: (entry.file.name, entry.file.parent)))
        self.bytes = sum(entry.size for entry in found)

    def _lock(self, directory: Path) -> bool:
        lock = os.open(directory / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._locks.append((directory, lock))
        return True

    def _name(self, parcel: Parcel) -> str:
        # Nanoseconds keep the order among processes; never twice the same, should the clock stand or step back.
        self._last_number = max(time.time_ns(), self._last_number + 1)
        return f"{self._last_number:020d}-{parcel.signal}-{parcel.lane}-{parcel.items}.otlp"

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
        entries = self._opened()
        entries.remove(entry)
        self.bytes -= entry.size
        entry.file.unlink(missing_ok=True)


def _entries(directory: Path) -> Iterator[_Entry]:
    for file in directory.glob("*.otlp"):
        try:
            number, signal, lane, items = file.stem.split("-")
            yield _Entry(file, file.stat().st_size, int(number) / 1e9, signal, Lane(lane), int(items))
        except (OSError, ValueError):
            # Not one of ours, or gone meanwhile.
            continue
