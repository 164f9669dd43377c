"""When the export thread looks at the queues, and when it exports metrics."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import Settings

#: Seconds after which the export thread looks around in any case; some platforms refuse to wait much longer.
_LONGEST_WAIT = 3600.0
#: Seconds that lie between two exports of metrics, however urgent the second.
_APART = 1.0


class Timetable:
    """The next times of both, as readings of `time.monotonic`. It belongs to the export thread.

    Args:
        settings: The intervals.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        now = time.monotonic()
        # The first metrics go out early, so that a service is seen soon after its start.
        self._metrics_at = now + min(1.0, settings.metric_interval)
        self._queues_at = now + settings.span_interval
        self._exported_at = -math.inf

    def wait(self, other: float) -> float:
        """Seconds until the next of both, or until `other`."""
        return min(min(self._queues_at, self._metrics_at, other) - time.monotonic(), _LONGEST_WAIT)

    def rest(self, until: float) -> None:
        """The queues are empty: nobody needs to look at them before `until`."""
        self._queues_at = max(self._queues_at, until)

    def rouse(self) -> None:
        """The first item has come while the thread rested."""
        self._queues_at = min(self._queues_at, time.monotonic() + self._settings.span_interval)

    def report(self) -> None:
        """Metrics are urgent."""
        self._metrics_at = min(self._metrics_at, self._exported_at + _APART)

    def due(self) -> bool:
        """Whether it is time for either."""
        return time.monotonic() >= min(self._queues_at, self._metrics_at)

    def begin(self, with_metrics: bool) -> bool:
        """The thread looks at the queues now; returns whether it exports metrics too.

        Args:
            with_metrics: It does, though it may not be time.
        """
        now = time.monotonic()
        self._queues_at = now + self._settings.span_interval
        if not with_metrics and now < self._metrics_at:
            return False
        self._exported_at, self._metrics_at = now, now + self._settings.metric_interval
        return True
