"""Runs contenders side by side: in rounds, each doing a little of everything in turn, so that what disturbs the
machine disturbs all of them."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from ._processes import running

#: Contenders that need packages which botobs does not.
PEERS = ("logfire", "ddtrace")


@dataclass(frozen=True, slots=True)
class Figure:
    """Measurements of one thing.

    Attributes:
        values: One a round.
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The lower and upper quartile."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high


def ratio(ours: Figure, theirs: Figure) -> Figure:
    """By how much ours is cheaper, round by round: 10 means a tenth."""
    return Figure(tuple(b / a for a, b in zip(ours.values, theirs.values, strict=True)))


class Worker:
    """A contender's process."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._input, self._output = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def ask(self, **order: Any) -> Any:
        """Have it do something; the answer."""
        print(json.dumps(order), file=self._input, flush=True)
        line = self._output.readline()
        if not line:
            raise RuntimeError(f"the benchmark of {self.name} has died; its error is above")
        return json.loads(line)


@contextmanager
def workers(names: Sequence[str], peers: str | None) -> Iterator[dict[str, Worker]]:
    """Start the contenders and the collector that they export to.

    Args:
        names: Of `_contenders.CONTENDERS`.
        peers: The Python that has the packages of `PEERS`; without it they are left out.
    """
    with ExitStack() as stack:
        collector = stack.enter_context(running("-m", "bench._collector"))
        port = cast("IO[str]", collector.stdout).readline().strip()
        started = {}
        for name in names:
            if name in PEERS and peers is None:
                continue
            python = cast("str", peers) if name in PEERS else sys.executable
            started[name] = Worker(
                name, stack.enter_context(running("-m", "bench._worker", name, port, python=python))
            )
        yield started


@dataclass(slots=True)
class Results:
    """Microseconds by contender and operation."""

    figures: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, contender: str, operation: str, value: float | None) -> None:
        """Note a measurement; None where the contender has no such thing."""
        if value is not None:
            self.figures.setdefault((contender, operation), []).append(value)

    def figure(self, contender: str, operation: str) -> Figure | None:
        """The rounds of one operation of a contender; None where it was not measured."""
        values = self.figures.get((contender, operation))
        return Figure(tuple(values)) if values else None


def interleave(running: dict[str, Worker], plan: dict[str, int], rounds: int) -> Results:
    """Run every operation of `plan` (name to repetitions) on every contender, `rounds` times after a warm-up."""
    results = Results()
    names = list(running)
    for number in range(rounds + 1):
        # Nobody always comes first.
        order = names[number % len(names) :] + names[: number % len(names)]
        for operation, times in plan.items():
            for name in order:
                value = running[name].ask(do=operation, times=times)
                if number:
                    results.add(name, operation, value)
    return results


def machine() -> str:
    """Processor, load and Python of this machine, for the caption of a table."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} x {model}{load}, {platform.python_implementation()} {platform.python_version()}"
