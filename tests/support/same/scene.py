"""What a program is given to run in, and what it leaves to be compared."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from . import described, process_state

#: Of a log record, what differs from run to run.
_OF_THE_MOMENT = ("created", "msecs", "relativeCreated", "process", "thread", "asctime", "taskName")


class Scene:
    """Handed to every program.

    Attributes:
        folder: Of its own, empty.
        postgres: URL of a PostgreSQL server; empty where a program has not asked for one.
        notes: What it noted, in order.
    """

    def __init__(self, folder: Path, postgres: str = "") -> None:
        self.folder = folder
        self.postgres = postgres
        self.notes: list[Any] = []

    def note(self, *values: object) -> None:
        """Keep something, to be compared."""
        self.notes.append(described.value(values[0] if len(values) == 1 else values))

    def attempt(self, action: Callable[[], object]) -> None:
        """Note what a call returns or raises."""
        try:
            self.note(action())
        except BaseException as error:
            self.note(error)


class _Watching(logging.Handler):
    """A handler with a filter on the root logger: what both see of every record."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.seen: list[Any] = []
        self.addFilter(self._filter)

    def _filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] in ("botobs", "opentelemetry"):
            # They may say something of themselves.
            return False
        self.seen.append(["filter", seen_of(record)])
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what a handler can see of a record."""
        self.seen.append(["handler", seen_of(record)])


def seen_of(record: logging.LogRecord) -> Any:
    """What a handler or filter sees of a record."""
    return {
        name: described.value(field) for name, field in vars(record).items() if name not in _OF_THE_MOMENT
    }


def run(program: Callable[[Scene], Any], scene: Scene) -> dict[str, Any]:
    """Run a program; all that can be seen of it, as JSON."""
    watching, root = _Watching(), logging.getLogger()
    root.addHandler(watching)
    level = root.level
    root.setLevel(logging.DEBUG)
    out, err = io.StringIO(), io.StringIO()
    result, raised = None, None
    with warnings.catch_warnings(record=True) as warned, redirect_stdout(out), redirect_stderr(err):
        warnings.simplefilter("always")
        try:
            result = described.value(program(scene))
        except BaseException as error:
            raised = described.exception(error)
            error.__traceback__ = None
        gc.collect()
    root.setLevel(level)
    root.removeHandler(watching)
    return {
        "result": result,
        "raised": raised,
        "notes": scene.notes,
        "records": watching.seen,
        "warnings": [
            [described.name_of(each.category), described.text(str(each.message))] for each in warned
        ],
        "output": described.text(out.getvalue()),
        "errors": described.text(err.getvalue()),
        "tasks": len(asyncio.all_tasks(loop)) if (loop := asyncio._get_running_loop()) else 0,
        "garbage": len(gc.garbage),
        "process": process_state.look(),
        "modules of the main program": sorted(vars(sys.modules["__main__"])),
    }
