"""Runs one script in two checkouts, side by side: they take turns, and the ratio is taken turn by turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import IO, cast

ROOT = Path(__file__).parents[1]
#: Turns that are not counted.
_WARM_UP = 2


class Pair:
    """A script that runs in this checkout and in another one; to each line that it reads it prints a number."""

    def __init__(self, here: subprocess.Popen[str], there: subprocess.Popen[str]) -> None:
        self._here, self._there = here, there

    def compare(self, told: str, rounds: int) -> str:
        """Have both do what `told` says, in turns; the medians, and the ratio with its quartiles, as text."""
        found = []
        for turn in range(_WARM_UP + rounds):
            pair = (self._here, self._there)
            values = {each: _ask(each, told) for each in (pair if turn % 2 else pair[::-1])}
            found.append((values[self._here], values[self._there]))
        counted = found[_WARM_UP:]
        low, middle, high = quantiles([here / there for here, there in counted], n=4)
        here, there = (median(column) for column in zip(*counted, strict=True))
        return f"{here:8.1f} µs to {there:8.1f} µs, ratio {middle:.3f} ({low:.3f} to {high:.3f})"


def _ask(process: subprocess.Popen[str], told: str) -> float:
    print(told, file=process.stdin, flush=True)
    return float(cast("IO[str]", process.stdout).readline())


@contextmanager
def collector() -> Iterator[str]:
    """Run a collector that takes everything; its port."""
    with _process(ROOT, "-m", "bench._collector") as running:
        yield cast("IO[str]", running.stdout).readline().strip()


@contextmanager
def pair(other: Path, script: str, *arguments: str) -> Iterator[Pair]:
    """Run `script` of this checkout with the packages of this one, and with those of `other`."""
    with ExitStack() as stack:
        yield Pair(*[stack.enter_context(_process(root, script, *arguments)) for root in (ROOT, other)])


@contextmanager
def _process(root: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(root)},
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        cast("IO[str]", process.stdin).close()
        process.wait()
        cast("IO[str]", process.stdout).close()
