"""The processes that run programs: one without botobs, one a mode with it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed.otlp_receiver import receiving

from .differences import Difference, unexplained
from .worker import PROGRAMS

ROOT = Path(__file__).parents[3]
#: Ways to run with botobs; see `worker`.
MODES = ("fast", "stock", "late")


class Workers:
    """Starts a process when it is first asked for.

    Attributes:
        used: The allowed differences that were seen.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._running: dict[str, subprocess.Popen[str]] = {}
        self.used: set[Difference] = set()

    def differences(self, modes: Sequence[str] = MODES, **order: Any) -> list[str]:
        """What differs between a program's run without botobs and those with it, but for what is allowed."""
        without, found = self._ask("without", order), []
        for mode in modes:
            differing, used = unexplained(without, self._ask(mode, order))
            self.used |= used
            found += [f"{mode}: {each}" for each in differing]
        return found

    def _ask(self, mode: str, order: Mapping[str, Any]) -> Any:
        process = self._running.get(mode) or self._start(mode)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"the process {mode!r} ended with {process.wait()} while it ran {order}"
        return json.loads(answer)

    def _start(self, mode: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.same.worker", mode],
            cwd=ROOT,
            env={**self._environment},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._running[mode] = process
        return process

    def close(self) -> None:
        """Close the input of all workers, and wait for their end."""
        for process in self._running.values():
            process.communicate()


@contextmanager
def workers(home: Path) -> Iterator[Workers]:
    """Processes that report to a receiver of their own, with nothing of this machine's environment.

    Args:
        home: Their home directory.
    """
    with receiving() as receiver:
        running = Workers(environment(home, receiver.endpoint))
        try:
            yield running
        finally:
            running.close()


def environment(home: Path, endpoint: str) -> dict[str, str]:
    """Variables of a process, the same with and without botobs."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "BOTOBS_ENDPOINT": endpoint,
        "BOTOBS_LOGS": "true",
    }


def programs() -> list[str]:
    """All programs of the corpus, as `area.name`: the public functions that take a scene."""
    found = []
    for file in sorted(PROGRAMS.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found += [
            f"{file.stem}.{each.name}"
            for each in tree.body
            if isinstance(each, ast.FunctionDef) and [a.arg for a in each.args.args] == ["scene"]
        ]
    return found
