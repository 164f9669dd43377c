"""A disk after a loss of power: of what was not made durable, any part may be there.

What is taken for granted is what ext4, XFS and btrfs do, and less than that is not told apart:

- Changes of names, of folders and the existence of files come to the disk in their order. An fsync of a file or folder
  brings all of them that came before it.
- Content and size of a file come with an fsync of that file alone. Until then each sector of 512 bytes is, by itself,
  as it was or as one of the writes left it; where the size has come and the content has not, there are zeros.

"All File Systems Are Not Created Equal" (Pillai and others, OSDI 2014) has such models, and programs that break.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from .recording import Step

T = TypeVar("T")

_SECTOR = 512


@dataclass
class _File:
    """One file: what is on the disk for certain, what programs read, and what may be on the disk instead."""

    durable: bytearray = field(default_factory=bytearray)
    current: bytearray = field(default_factory=bytearray)
    #: How often it was changed; what follows has the number of its change, the newest last.
    changes: int = 0
    sectors: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        at = len(self.current) if offset < 0 else offset
        if len(self.current) < at + len(data):
            self.resize(at + len(data))
        self.current[at : at + len(data)] = data
        self.changes += 1
        for number in range(at // _SECTOR, -(-(at + len(data)) // _SECTOR)):
            content = bytes(self.current[number * _SECTOR : (number + 1) * _SECTOR])
            self.sectors.setdefault(number, []).append((self.changes, content))

    def resize(self, size: int) -> None:
        del self.current[size:]
        self.current.extend(bytes(size - len(self.current)))
        self.changes += 1
        self.sizes.append((self.changes, size))

    def commit(self, until: int) -> None:
        """Have what was changed until then on the disk."""
        size = len(self.durable)
        while self.sizes and self.sizes[0][0] <= until:
            _, size = self.sizes.pop(0)
        _resize(self.durable, size)
        for number in list(self.sectors):
            contents = self.sectors[number]
            while contents and contents[0][0] <= until:
                _put(self.durable, number, contents.pop(0)[1])
            if not contents:
                del self.sectors[number]

    def after_the_loss(self, choose: _Choice) -> bytes:
        content = bytearray(self.durable)
        _resize(content, choose([len(content), *(size for _, size in self.sizes)]))
        for number, contents in self.sectors.items():
            _put(content, number, choose([b"", *(each for _, each in contents)]))
        return bytes(content)


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


def _put(content: bytearray, number: int, sector: bytes) -> None:
    begin = number * _SECTOR
    room = max(0, min(len(content) - begin, len(sector)))
    content[begin : begin + room] = sector[:room]


class _Choice:
    """How much of what is not durable is there: nothing, all, or whatever chance wants."""

    def __init__(self, kind: str, chance: random.Random) -> None:
        self._kind, self._chance = kind, chance

    def __call__(self, contents: Sequence[T]) -> T:
        if self._kind == "random":
            return self._chance.choice(contents)
        return contents[-1 if self._kind == "all" else 0]


@dataclass(frozen=True)
class State:
    """What is on the disk after a loss of power.

    Attributes:
        time: Of the loss, in seconds since the epoch: what was acknowledged before it must be there.
        name: Which one of the possible ones, for a person.
        folders: Paths below the folder.
        files: Content by path below the folder.
    """

    time: float
    name: str
    folders: tuple[str, ...]
    files: dict[str, bytes] = field(repr=False)

    def write(self, folder: Path) -> None:
        """Make a folder be as the disk is, whatever was in it."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        for path in self.folders:
            (folder / path).mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, content in self.files.items():
            (folder / path).touch(mode=0o600)
            (folder / path).write_bytes(content)


#: Of names and of contents; the last two are drawn anew each time.
KINDS = (
    ("nothing", "nothing"),
    ("all", "nothing"),
    ("nothing", "all"),
    ("all", "random"),
    ("random", "random"),
)


class Disk:
    """Follows the steps of a recording.

    Args:
        folder: The recorded one.
        before: A copy of it as it was before, durable; None if there was nothing in it.
    """

    def __init__(self, folder: Path, before: Path | None = None) -> None:
        self._root = str(folder.resolve())
        #: Files and folders (None) by path, as programs see them, and as they are on the disk for certain.
        self._names: dict[str, _File | None] = {}
        for path in sorted(before.rglob("*")) if before is not None else ():
            name = f"{self._root}/{path.relative_to(before)}" if before is not None else ""
            content = None if path.is_dir() else path.read_bytes()
            self._names[name] = None if content is None else _File(bytearray(content), bytearray(content))
        self._durable = dict(self._names)
        self._changes: list[dict[str, _File | None]] = []
        self._opened: dict[int, _File | None] = {}
        #: How many changes of names are on the disk for certain; by call, what one that has begun will bring.
        self._brought = 0
        self._syncs: dict[int, tuple[_File | None, int, int]] = {}

    def states(self, steps: Sequence[Step], seed: int, at: Sequence[int] | None = None) -> Iterator[State]:
        """The states that a loss of power before each step, and after the last, allows.

        Args:
            steps: Of the recording.
            seed: Of what chance decides.
            at: Before which steps, by number; all if None.
        """
        chance = random.Random(seed)
        wanted = None if at is None else set(at)
        for number, step in enumerate(steps):
            if wanted is None or number in wanted:
                yield from self._now(step.time, number, chance)
            self._apply(step)
        if wanted is None or len(steps) in wanted:
            yield from self._now(steps[-1].time + 1e9, len(steps), chance)

    def _now(self, time: float, number: int, chance: random.Random) -> Iterator[State]:
        for names, contents in KINDS:
            choose = _Choice(contents, chance)
            every = _Choice(names, chance)([self._durable, *self._changes])
            # What is in a folder that is not there has no name.
            seen = {path: file for path, file in every.items() if self._has_parent(path, every)}
            yield State(
                time,
                f"before step {number}: {names} of the names, {contents} of the contents",
                tuple(self._below(path) for path, file in seen.items() if file is None),
                {
                    self._below(path): file.after_the_loss(choose)
                    for path, file in seen.items()
                    if file is not None
                },
            )

    def _below(self, path: str) -> str:
        return path.removeprefix(f"{self._root}/")

    def _has_parent(self, path: str, names: dict[str, _File | None]) -> bool:
        parent = path.rpartition("/")[0]
        return parent == self._root or (parent in names and names[parent] is None)

    def _apply(self, step: Step) -> None:
        getattr(self, f"_{step.kind}")(step)

    def _changed(self) -> None:
        self._changes.append(dict(self._names))

    def _create(self, step: Step) -> None:
        if step.path not in self._names and step.path != self._root:
            self._names[step.path] = _File()
            self._changed()
        self._open(step)

    def _open(self, step: Step) -> None:
        self._opened[step.file] = self._names.get(step.path)

    def _of(self, step: Step) -> _File:
        file = self._opened[step.file]
        assert file is not None, f"{step.path} is no file"
        return file

    def _write(self, step: Step) -> None:
        self._of(step).write(step.offset, step.data)

    def _size(self, step: Step) -> None:
        self._of(step).resize(step.size)

    def _grow(self, step: Step) -> None:
        self._of(step).resize(max(step.size, len(self._of(step).current)))

    def _mkdir(self, step: Step) -> None:
        self._names[step.path] = None
        self._changed()

    def _unlink(self, step: Step) -> None:
        self._names.pop(step.path, None)
        self._changed()

    def _link(self, step: Step) -> None:
        self._names[step.other] = self._names[step.path]
        self._changed()

    def _rename(self, step: Step) -> None:
        moved = [path for path in self._names if path == step.path or path.startswith(f"{step.path}/")]
        assert moved, f"{step.path} came from elsewhere"
        for path in moved:
            self._names[step.other + path.removeprefix(step.path)] = self._names.pop(path)
        self._changed()

    def _syncing(self, step: Step) -> None:
        file = self._opened[step.file]
        changes = 0 if file is None else file.changes
        self._syncs[step.offset] = (file, changes, self._brought + len(self._changes))

    def _synced(self, step: Step) -> None:
        file, changes, names = self._syncs.pop(step.offset)
        if file is not None:
            file.commit(changes)
        # Another one may have brought more of the names meanwhile.
        if (fresh := names - self._brought) > 0:
            self._durable = self._changes[fresh - 1]
            del self._changes[:fresh]
            self._brought = names
