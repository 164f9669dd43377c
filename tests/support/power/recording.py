"""The changes that a program makes to the files of a folder, in order, as strace sees them.

What is written through a memory map is not seen.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

_CALLS = (
    "open,openat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile,splice"
)
_LINE = re.compile(r"(?P<thread>\d+) +(?P<time>\d+\.\d+) (?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_UNFINISHED = " <unfinished ...>"
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
#: A descriptor with its path, or the working directory with it.
_PLACE = re.compile(r"(?P<number>\d+|AT_FDCWD)<(?P<path>(?:\\x[0-9a-f]{2})*)>")
_INTEGER = re.compile(r"(?:^|[ ,])(\d+)(?=$|[ ,)])")
#: Bytes of one write at most that strace keeps.
_MOST = 2**25


@dataclass(frozen=True)
class Step:
    """One change, or the beginning or the end of one that makes changes durable.

    Attributes:
        time: Seconds since the epoch: of the call, for `synced` of its return.
        kind: `create`, `open`, `write`, `size`, `grow`, `rename`, `link`, `unlink`, `mkdir`, `syncing` or `synced`.
            `create` opens what may be there; `unlink` removes folders too.
        path: Of the file or folder; for what has a descriptor, as it was opened.
        file: Which opening of a file it belongs to.
        other: The new path of a `rename` or `link`.
        offset: Of a write, in bytes; -1 for the end. The number of the call for `syncing` and `synced`.
        data: Of a write.
        size: Of the file, in bytes.
    """

    time: float
    kind: str
    path: str = ""
    file: int = -1
    other: str = ""
    offset: int = 0
    data: bytes = field(default=b"", repr=False)
    size: int = 0


def record(
    command: Sequence[str], folder: Path, log: Path, environ: Mapping[str, str], output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a command whose changes are written to `log`; it is strace's child, and gets the signals of its group."""
    return subprocess.Popen(
        [*_strace(log), "--", *command],
        env=dict(environ),
        cwd=folder,
        stdout=output,
        start_new_session=True,
    )


def _strace(log: Path) -> list[str]:
    if not (program := shutil.which("strace")):
        pytest.fail("There is no strace; install Debian's package of that name.")
    quiet = ["-f", "--seccomp-bpf", "-y", "-ttt", "-xx", "-s", str(_MOST)]
    return [program, *quiet, "-e", f"trace={_CALLS}", "-o", str(log)]


def steps(log: Path, folder: Path) -> list[Step]:
    """The changes in `folder` that a log of strace has, in order."""
    found = sorted(_Reader(str(folder.resolve())).read(_calls(log)), key=lambda step: step.time)
    assert found, f"nothing of {folder} was recorded"
    return found


@dataclass(frozen=True)
class _Call:
    name: str
    arguments: str
    result: int
    began: float
    ended: float


def _calls(log: Path) -> Iterator[_Call]:
    """Calls that have succeeded, as they returned."""
    open_ones: dict[str, tuple[float, str]] = {}
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            parsed = _LINE.match(line)
            if parsed is None:
                continue
            thread, at, rest = parsed["thread"], float(parsed["time"]), parsed["rest"]
            if rest.endswith(_UNFINISHED):
                open_ones[thread] = (at, rest.removesuffix(_UNFINISHED))
                continue
            began, ended = at, at
            if resumed := _RESUMED.match(rest):
                began, head = open_ones.pop(thread)
                rest = head + resumed[1]
            if (call := _CALL.match(rest)) and int(call["result"]) >= 0:
                yield _Call(call["name"], call["arguments"], int(call["result"]), began, ended)


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class _Reader:
    """Follows descriptors, offsets and paths."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        #: By descriptor: the opening, its path, and where the next write goes; -1 for the end.
        self._open: dict[int, tuple[int, str]] = {}
        self._at: dict[int, int] = {}
        self._appends: set[int] = set()
        self._openings = 0
        self._syncs = 0

    def read(self, calls: Iterator[_Call]) -> Iterator[Step]:
        for call in calls:
            handler = getattr(self, f"_{call.name}_", None) or getattr(self, f"_{call.name}", None)
            assert handler is not None, f"{call.name} is not understood"
            yield from handler(call)

    def _inside(self, path: str) -> bool:
        return path == self._folder or path.startswith(self._folder + "/")

    def _paths(self, call: _Call) -> list[str]:
        """The paths that a call names, absolute."""
        found = []
        rest = call.arguments
        for text in _TEXT.finditer(rest):
            name = os.fsdecode(_unhex(text[1]))
            before = list(_PLACE.finditer(rest[: text.start()]))
            base = os.fsdecode(_unhex(before[-1]["path"])) if before else self._folder
            found.append(os.path.normpath(Path(base) / name))
        return found

    def _descriptor(self, call: _Call) -> int:
        place = _PLACE.match(call.arguments)
        return int(place["number"]) if place and place["number"].isdigit() else -1

    def _openat(self, call: _Call) -> Iterator[Step]:
        (path, *_) = self._paths(call)
        self._open.pop(call.result, None)
        if not self._inside(path):
            return
        self._openings += 1
        self._open[call.result] = (self._openings, path)
        self._at[call.result] = 0
        (self._appends.add if "O_APPEND" in call.arguments else self._appends.discard)(call.result)
        kind = "create" if "O_CREAT" in call.arguments else "open"
        yield Step(call.began, kind, path, self._openings)
        if "O_TRUNC" in call.arguments:
            yield Step(call.began, "size", path, self._openings, size=0)

    _open_ = _openat

    def _close(self, call: _Call) -> Iterator[Step]:
        self._open.pop(self._descriptor(call), None)
        return iter(())

    def _dup(self, call: _Call) -> Iterator[Step]:
        if (one := self._open.get(self._descriptor(call))) is not None:
            self._open[call.result] = one
        return iter(())

    _dup2 = _dup3 = _dup

    def _lseek(self, call: _Call) -> Iterator[Step]:
        self._at[self._descriptor(call)] = call.result
        return iter(())

    def _write(self, call: _Call) -> Iterator[Step]:
        yield from self._written(call, None)

    _writev = _write

    def _pwrite64(self, call: _Call) -> Iterator[Step]:
        yield from self._written(call, int(_INTEGER.findall(call.arguments)[-1]))

    _pwritev = _pwritev2 = _pwrite64

    def _written(self, call: _Call, offset: int | None) -> Iterator[Step]:
        number = self._descriptor(call)
        if number not in self._open:
            return
        opening, path = self._open[number]
        data = b""
        for text in _TEXT.finditer(call.arguments):
            assert not text[2], "a write was too long to be recorded"
            data += _unhex(text[1])
        data = data[: call.result]
        at = -1 if number in self._appends else self._at[number] if offset is None else offset
        if offset is None and at >= 0:
            self._at[number] = at + len(data)
        yield Step(call.began, "write", path, opening, offset=at, data=data)

    def _ftruncate(self, call: _Call) -> Iterator[Step]:
        if (one := self._open.get(self._descriptor(call))) is not None:
            yield Step(call.began, "size", one[1], one[0], size=int(_INTEGER.findall(call.arguments)[-1]))

    def _fallocate(self, call: _Call) -> Iterator[Step]:
        if (one := self._open.get(self._descriptor(call))) is not None:
            offset, length = map(int, _INTEGER.findall(call.arguments)[-2:])
            if "KEEP_SIZE" not in call.arguments:
                yield Step(call.began, "grow", one[1], one[0], size=offset + length)

    def _fsync(self, call: _Call) -> Iterator[Step]:
        if (one := self._open.get(self._descriptor(call))) is not None:
            self._syncs += 1
            yield Step(call.began, "syncing", one[1], one[0], offset=self._syncs)
            yield Step(call.ended, "synced", one[1], one[0], offset=self._syncs)

    _fdatasync = _fsync

    def _sendfile(self, call: _Call) -> Iterator[Step]:
        written = [int(place["number"]) for place in _PLACE.finditer(call.arguments)]
        assert not self._open.keys() & set(written), f"{call.name} is not understood"
        return iter(())

    _splice = _copy_file_range = _sendfile

    def _renameat(self, call: _Call) -> Iterator[Step]:
        old, new = self._paths(call)
        if self._inside(new):
            yield Step(call.began, "rename", old, other=new)

    _rename = _renameat2 = _renameat

    def _linkat(self, call: _Call) -> Iterator[Step]:
        old, new = self._paths(call)
        if self._inside(new):
            yield Step(call.began, "link", old, other=new)

    _link = _linkat

    def _unlinkat(self, call: _Call) -> Iterator[Step]:
        (path,) = self._paths(call)
        if self._inside(path):
            yield Step(call.began, "unlink", path)

    _unlink = _rmdir = _unlinkat

    def _mkdirat(self, call: _Call) -> Iterator[Step]:
        (path,) = self._paths(call)
        if self._inside(path):
            yield Step(call.began, "mkdir", path)

    _mkdir = _mkdirat
