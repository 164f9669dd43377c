"""Shows how the stack's programs are fetched and built: what, how much is left, about how long."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ..programs.binaries import Missing
from . import err


class BuildDisplay:
    """A progress bar a program; plain lines where standard error is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=err,
        )
        self._tasks: dict[str, TaskID] = {}
        self._left: list[Missing] = []
        self._open: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def plan(self, missing: list[Missing]) -> None:
        """Say what will be built and how long that takes where nothing is cached."""
        self._left = list(missing)
        names = ", ".join(f"{item.program} {item.pin.version}" for item in missing)
        err.print(f"Building {names} from source: about {self._minutes()} on two cores, once.")

    def note(self, text: str) -> None:
        """Print a message."""
        err.print(text, markup=False)

    def start(self, item: Missing, verb: str) -> None:
        """Open the bar of `item`."""
        self._open.add(item.program)
        if err.is_terminal:
            self._progress.start()
            self._tasks[item.program] = self._progress.add_task(
                f"{verb} {item.program} {item.pin.version}", total=None
            )
        else:
            left = f", {len(self._left)} to go, about {self._minutes()}" if self._left else ""
            err.print(f"{verb} {item.program} {item.pin.version}{left}")

    def advance(self, item: Missing, done: int, total: int) -> None:
        """Move the bar."""
        if item.program in self._tasks:
            self._progress.update(self._tasks[item.program], completed=done, total=total)

    def finish(self, item: Missing) -> None:
        """Fill the bar."""
        self._open.discard(item.program)
        self._left = [other for other in self._left if other is not item]
        if item.program in self._tasks:
            task = self._tasks[item.program]
            total = self._progress.tasks[self._progress.task_ids.index(task)].total or 1
            left = f", {self._minutes()} of builds left" if self._left else ""
            self._progress.update(
                task,
                completed=total,
                total=total,
                description=f"{item.program} {item.pin.version}{left}",
            )
        if not self._left and not self._open:
            # Whatever is printed from now on would be mixed with a live display.
            self._progress.stop()

    def _minutes(self) -> str:
        minutes = sum(item.minutes for item in self._left)
        return f"{max(1, round(minutes))} min"
