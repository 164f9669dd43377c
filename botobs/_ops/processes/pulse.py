"""Distinguishes a process that stands still from one that is slow.

What is stopped or has locked itself up does not respond and uses no processor; what is busy, or waits for its turn on a
busy machine, uses some.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

#: Seconds between two looks.
LOOK = 5.0
#: Seconds without a response and with next to no work after which a process stands still.
SILENCE = 60.0
#: Seconds of processor in that time which count as work.
_WORK = 0.3


@dataclass(frozen=True)
class Vitals:
    """What the system says of a process at this moment.

    Attributes:
        stopped: Whether its threads are stopped, by SIGSTOP or by a debugger.
        processor: Seconds of processor that it has used since it started.
    """

    stopped: bool = False
    processor: float = 0.0

    @classmethod
    def of(cls, process: psutil.Process) -> Vitals:
        """Those of one; of one that has ended they are what stands still at nothing."""
        try:
            with process.oneshot():
                stopped = process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
                times = process.cpu_times()
        except psutil.Error:
            return cls()
        return cls(stopped, float(times.user + times.system))


class Pulse:
    """The pulse of one process.

    Args:
        process: As psutil knows it.
        silence: Seconds; see `SILENCE`.
    """

    def __init__(self, process: psutil.Process, silence: float = SILENCE) -> None:
        self._process = process
        self._silence = silence
        self._since: float | None = None
        self._worked = 0.0

    def stands_still(self, responds: bool) -> bool:
        """Whether it has stood still for long enough; to be called every few seconds.

        Args:
            responds: Whether it has responded just now.
        """
        if responds:
            self._since = None
            return False
        now, worked = time.monotonic(), Vitals.of(self._process).processor
        if self._since is None or worked - self._worked > _WORK:
            self._since, self._worked = now, worked
        return now - self._since > self._silence
