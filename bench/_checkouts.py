"""Runs one script in two checkouts, side by side: they take turns, and the ratio is taken turn by turn."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import IO, cast

from ._processes import ROOT, running

#: Turns that are not counted.
_WARM_UP = 2


class Pair:
    """A script that runs in this checkout and in another one; to each line that it reads it prints a number."""

    def __init__(self, here: subprocess.Popen[str], there: subprocess.Popen[str]) -> None:
        self._here, self._there = here, there

    def compare(self, task: str, rounds: int) -> str:
        """Have both do what `task` says, in turns; the medians, and the ratio with its quartiles, as text."""
        found = []
        for turn in range(_WARM_UP + rounds):
            pair = (self._here, self._there)
            values = {each: _ask(each, task) for each in (pair if turn % 2 else pair[::-1])}
            found.append((values[self._here], values[self._there]))
        counted = found[_WARM_UP:]
        low, middle, high = quantiles([here / there for here, there in counted], n=4)
        here, there = (median(column) for column in zip(*counted, strict=True))
        return f"{here:8.1f} µs to {there:8.1f} µs, ratio {middle:.3f} ({low:.3f} to {high:.3f})"


def _ask(process: subprocess.Popen[str], task: str) -> float:
    print(task, file=process.stdin, flush=True)
    return float(cast("IO[str]", process.stdout).readline())


@contextmanager
def collector() -> Iterator[str]:
    """Run a collector that takes everything; its port."""
    with running("-m", "bench._collector") as process:
        yield cast("IO[str]", process.stdout).readline().strip()


@contextmanager
def pair(other: Path, script: str, *arguments: str) -> Iterator[Pair]:
    """Run `script` of this checkout with the packages of this one, and with those of `other`."""
    with ExitStack() as stack:
        yield Pair(*[stack.enter_context(running(script, *arguments, root=root)) for root in (ROOT, other)])
