"""Samples what the processes of a stack take, and says how it grows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from testbed.stack import LiveStack

MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """What one process and its children take at one moment.

    Attributes:
        at: Seconds, by the monotonic clock.
        memory: Bytes that no file stands behind.
        descriptors: Open file descriptors.
        threads: Threads.
    """

    at: float
    memory: int
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Bound:
    """How much one quantity may grow: by a share of its median, and by an amount besides.

    Attributes:
        share: Of the median.
        amount: In the unit of the quantity.
    """

    share: float
    amount: float


@dataclass(frozen=True)
class Trend:
    """The straight line through the samples of one quantity (least squares).

    Attributes:
        median: Of the samples.
        growth: From the first sample to the last, by the line.
    """

    median: float
    growth: float

    @classmethod
    def of(cls, times: Sequence[float], values: Sequence[float]) -> Trend:
        """The trend of values that were sampled at these times; at least two different ones."""
        slope = statistics.linear_regression(times, values).slope
        return cls(statistics.median(values), slope * (times[-1] - times[0]))

    def exceeds(self, bound: Bound) -> bool:
        """Whether it grew by more than it may."""
        return self.growth > bound.share * self.median + bound.amount


def take(live: LiveStack) -> Mapping[str, Sample]:
    """A sample of every process of the stack, by its name."""
    samples = {}
    for name, status in live.supervisor.status.items():
        assert status.pid is not None, f"{name} does not run"
        family = [parent := psutil.Process(status.pid), *parent.children(recursive=True)]
        parts = [_of(process) for process in family]
        samples[name] = Sample(time.monotonic(), *(sum(column) for column in zip(*parts, strict=True)))
    return samples


def _of(process: psutil.Process) -> tuple[int, int, int]:
    try:
        with process.oneshot():
            return anonymous(process.pid), process.num_fds(), process.num_threads()
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        # A child of PostgreSQL that has ended meanwhile.
        return 0, 0, 0


def anonymous(pid: int) -> int:
    """Bytes of memory that are resident, pages of files left out: those are the system's to take back."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123
        lines = dict(line.split(":", 1) for line in status)
    return int(lines.get("RssAnon", "0").split()[0]) * 1024
