"""The time that a report is about."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

#: Points of a line at most: about one for two pixels of a wide chart.
_POINTS = 240
#: Seconds between two scrapes or exports, as the data source of the dashboards has it.
_SCRAPE = 15
#: Seconds that a window has at least, however young the stack is.
_SHORTEST = 60


@dataclass(frozen=True)
class Window:
    """A range of time and the distance of its points.

    Attributes:
        start: Seconds since the epoch, a multiple of `step`, so that a later window's points fall on the same places.
        end: Seconds since the epoch, a multiple of `step`.
        step: Seconds between two points.
    """

    start: int
    end: int
    step: int

    @classmethod
    def last(cls, seconds: float, now: float | None = None) -> Window:
        """The `seconds` before now."""
        moment = time.time() if now is None else now
        return cls.between(moment - seconds, moment)

    @classmethod
    def between(cls, start: float, end: float) -> Window:
        """From one moment to another, in seconds since the epoch."""
        step = max(5, math.ceil((end - start) / _POINTS))
        last = int(end // step * step)
        return cls(last - max(1, math.ceil((end - start) / step)) * step, last, step)

    def since(self, first: float | None) -> Window:
        """The same without the time before the first data, of which a picture would be empty."""
        if first is None or not self.start < first < self.end:
            return self
        return Window.between(max(self.start, min(first, self.end - _SHORTEST)), self.end)

    @property
    def seconds(self) -> int:
        """The length of the window in seconds."""
        return self.end - self.start

    @property
    def points(self) -> int:
        """How many points a line has."""
        return self.seconds // self.step + 1

    @property
    def rate_interval(self) -> int:
        """Seconds over which rates are taken, by Grafana's rule for `$__rate_interval`."""
        return max(self.step + _SCRAPE, 4 * _SCRAPE)
