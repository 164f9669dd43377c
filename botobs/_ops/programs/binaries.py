"""Gets programs of the stack: from PATH in the pinned version, a wheel, the cache, or upstream; else they are built.

What upstream publishes is fetched where its checksum is recorded; what cannot be fetched is built from source.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sysconfig
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import StackError
from ..home.home import cache_folder
from ..home.locks import exclusive
from . import _go
from .release import Archive, Unreachable, archive_of, fetch
from .versions import Pin, pins


@dataclass(frozen=True)
class Missing:
    """A program that has to be built."""

    pin: Pin
    program: str
    target: Path

    @property
    def minutes(self) -> float:
        """Share of this program in the component's cold build; the first one compiles nearly everything."""
        programs = list(self.pin.packages)
        return self.pin.minutes if self.program == programs[0] else self.pin.minutes / 10


class Display(Protocol):
    """Shows a build's progress."""

    def plan(self, missing: list[Missing]) -> None:
        """Show the programs that will be built, in order."""

    def note(self, text: str) -> None:
        """Show a message for the person who waits."""

    def start(self, item: Missing, verb: str) -> None:
        """`item` has its turn: "fetching" or "building"."""

    def advance(self, item: Missing, done: int, total: int) -> None:
        """`done` of `total` bytes of `item` are fetched, or of its Go packages compiled."""

    def finish(self, item: Missing) -> None:
        """`item` is there, or is no longer waited for."""


class Binaries:
    """Paths of the programs, by name."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._cache = cache_folder(environ)
        self._found: dict[str, Path] = {}
        self._cancelled = threading.Event()
        self._building: subprocess.Popen[str] | None = None

    def __getitem__(self, program: str) -> Path:
        return self._found[program]

    def require(self, components: Iterable[str], display: Display) -> None:
        """Find, fetch or build every program of `components`.

        Raises:
            StackError: One has to be built and cannot be.
        """
        wanted = [pins()[name] for name in components]
        missing = list(self._missing(wanted))
        if self._fetch(missing, display):
            missing = list(self._missing(wanted))
        if not missing:
            return
        go = _go.find_go(self._environ)
        display.plan(missing)
        for item in missing:
            self._build(go, item, display)

    def lacks(self, components: Iterable[str]) -> bool:
        """Whether `require` would have to get one."""
        return any(self._missing([pins()[name] for name in components]))

    def cancel(self) -> None:
        """End what `require` does in another thread; it raises a StackError there."""
        self._cancelled.set()
        if self._building is not None:
            self._building.terminate()

    def locate(self, pin: Pin, program: str) -> Path | None:
        """The program in the pinned version; None when it has to be fetched or built.

        From PATH, the cache, or beside this Python, where a wheel has installed it.
        """
        name = pin.on_path.get(program, program)
        on_path = shutil.which(name, path=self._environ.get("PATH"))
        if on_path is not None and version_of(Path(on_path)) == pin.version:
            return Path(on_path)
        of_a_wheel = Path(sysconfig.get_path("scripts")) / program
        if of_a_wheel.is_file() and version_of(of_a_wheel) == pin.version:
            return of_a_wheel
        cached = self._target(pin, program)
        return cached if cached.is_file() else None

    def _missing(self, wanted: Iterable[Pin]) -> Iterator[Missing]:
        for pin in wanted:
            for program in pin.packages:
                found = self.locate(pin, program)
                if found is not None:
                    self._found[program] = found
                else:
                    yield Missing(pin, program, self._target(pin, program))

    def _target(self, pin: Pin, program: str) -> Path:
        return self._cache / pin.name / pin.cache_name / program

    def _fetch(self, missing: list[Missing], display: Display) -> bool:
        """Fetch what upstream publishes of it, side by side; whether anything was tried."""
        archives = {
            item.pin.name: (item, archive) for item in reversed(missing) if (archive := archive_of(item.pin))
        }
        if not archives:
            return False
        with ThreadPoolExecutor(len(archives), "fetch") as pool:
            for problem in pool.map(lambda one: self._fetch_one(one[0], one[1], display), archives.values()):
                if problem:
                    display.note(f"Not fetched, so it is built: {problem}")
        return True

    def _fetch_one(self, item: Missing, archive: Archive, display: Display) -> str:
        """Fetch one archive; returns why not."""
        display.start(item, "fetching")
        try:
            fetch(
                archive,
                item.target.parent,
                lambda done, total: display.advance(item, done, total),
                self._cancelled,
            )
        except Unreachable as problem:
            return f"{item.pin.name} {item.pin.version} ({problem})"
        finally:
            display.finish(item)
        return ""

    def _started(self, process: subprocess.Popen[str]) -> None:
        self._building = process
        if self._cancelled.is_set():
            process.terminate()

    def _build(self, go: Path, item: Missing, display: Display) -> None:
        item.target.parent.mkdir(parents=True, exist_ok=True)
        # Two commands at once share the work instead of doing it twice.
        with exclusive(item.target.parent / f".{item.program}.lock"):
            display.start(item, "building")
            if self._cancelled.is_set():
                raise StackError(f"{item.program} was not built: the command has ended")
            if not item.target.is_file():
                _remove_leftovers(item.target.parent)
                package = item.pin.packages[item.program]
                _go.build(
                    go, item.pin, package, item.target,
                    lambda done, total: display.advance(item, done, total), self._started, item.pin.static,
                )  # fmt: skip
            display.finish(item)
        self._found[item.program] = item.target


def version_of(program: Path) -> str | None:
    """The version that a program states with `--version`, or None when it states none."""
    try:
        said = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = (said.stdout + said.stderr).split()
    for before, word in itertools.pairwise(words):
        if before.rstrip(",:").lower() == "version":
            return word.rstrip(",").removeprefix("v")
    return None


def _remove_leftovers(folder: Path) -> None:
    # What a killed build left behind; the lock says that none is running.
    for leftover in folder.glob(".building-*"):
        shutil.rmtree(leftover, ignore_errors=True)


class Silent:
    """A display that shows nothing."""

    def plan(self, missing: list[Missing]) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def start(self, item: Missing, verb: str) -> None:
        """Show nothing."""

    def advance(self, item: Missing, done: int, total: int) -> None:
        """Show nothing."""

    def finish(self, item: Missing) -> None:
        """Show nothing."""
