"""Distinguishes a process that stands still from one that is slow.

What is stopped or has locked itself up does not respond and uses no processor, though the host has some to give. What
is busy uses some; what waits for its turn on a busy host would if it could.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

#: Seconds between two looks.
LOOK = 5.0
#: Seconds without a response and with next to no work after which a process stands still.
SILENCE = 60.0
#: Seconds of processor in that time which count as work.
_WORK = 0.3
#: Part of the host's processor that is idle while it has some to give; waiting for a disk is not idle.
_SPARE = 0.05


def host() -> tuple[float, float]:
    """Seconds of processor since the host started: idle, and all."""
    import psutil

    times = psutil.cpu_times()
    # Linux counts guests' time as the user's, too.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return times.idle, sum(times) - guests


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
        import psutil

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
        silence: Seconds; see `SILENCE`. Those in which the host has no processor to give do not count.
        host: See `host`.
    """

    def __init__(
        self,
        process: psutil.Process,
        silence: float = SILENCE,
        host: Callable[[], tuple[float, float]] = host,
    ) -> None:
        self._process = process
        self._silence = silence
        self._host = host
        self._host_before = host()
        self._looked = time.monotonic()
        # Seconds without a response and without work, as far as they count; None after a response.
        self._still: float | None = None
        self._worked = 0.0

    def stands_still(self, responds: bool) -> bool:
        """Whether it has stood still for long enough; to be called every few seconds.

        Args:
            responds: Whether it has responded just now.
        """
        since_last, spare = self._since_last_look()
        if responds:
            self._still = None
            return False
        vitals = Vitals.of(self._process)
        if self._still is None or vitals.processor - self._worked > _WORK:
            self._still, self._worked = 0.0, vitals.processor
        elif spare or vitals.stopped:
            self._still += since_last
        return self._still > self._silence

    def _since_last_look(self) -> tuple[float, bool]:
        """The seconds since the last look, and whether the host had processor to give in them."""
        now, (idle, total) = time.monotonic(), self._host()
        idle_before, total_before = self._host_before
        seconds, spare = now - self._looked, idle - idle_before > _SPARE * (total - total_before)
        self._looked, self._host_before = now, (idle, total)
        return seconds, spare
