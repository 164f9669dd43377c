"""How far our clock is from an exchange's, from what passes by anyway."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime

#: Seconds after which an estimate starts over, because clocks drift.
_LIFETIME = 600.0
#: Seconds by which our clock may move against the monotonic one within a lifetime: NTP slews by 500 ppm at most
#: (RFC 5905, section 11.3). Beyond it, it was stepped, or the machine slept.
_STEP = 0.5


class ClockOffset:
    """Narrows down `local minus exchange` with every response.

    A response that carries the exchange's time `t`, sent for at `a` and received at `b` of our clock, proves that the
    offset is between `a - t` and `b - t`. Responses with whole seconds (the `Date` header) prove less each, but their
    bounds overlap to a fraction of a second within some requests. When our own clock is stepped, or the machine was
    suspended, everything before proves nothing any more.
    """

    __slots__ = ("_high", "_low", "_precise", "_started", "_wall_minus_monotonic")

    def __init__(self) -> None:
        self._low = -math.inf
        self._high = math.inf
        self._precise = False
        self._started = -math.inf
        self._wall_minus_monotonic: float | None = None

    def add(
        self,
        sent: float,
        received: float,
        exchange_time: float,
        resolution: float = 0.0,
        monotonic: float | None = None,
    ) -> None:
        """Take one response into account.

        Args:
            sent: Our clock when the request was sent, seconds since the epoch.
            received: Our clock when the response had come.
            exchange_time: The exchange's clock in the response.
            resolution: Seconds that the exchange cuts off its time; 1 for a `Date` header.
            monotonic: The monotonic clock when the response had come; None where it was not read.
        """
        stepped = self._was_stepped(received, monotonic)
        low = sent - exchange_time - resolution
        high = received - exchange_time
        if not (math.isfinite(low) and math.isfinite(high)) or low > high:
            return
        expired = stepped or received - self._started > _LIFETIME
        disjoint = low > self._high or high < self._low
        precise = resolution < 1.0
        if disjoint and self._precise and not precise and not expired:
            # The header may come from a cache or a proxy, whose clock is another.
            return
        if expired or disjoint:
            self._low, self._high, self._started, self._precise = low, high, received, precise
        else:
            self._low, self._high = max(low, self._low), min(high, self._high)
            self._precise = self._precise or precise

    def _was_stepped(self, wall: float, monotonic: float | None) -> bool:
        if monotonic is None:
            return False
        before, now = self._wall_minus_monotonic, wall - monotonic
        if before is not None and abs(now - before) <= _STEP:
            return False
        self._wall_minus_monotonic = now
        return before is not None

    def add_date_header(
        self, sent: float, received: float, header: str, monotonic: float | None = None
    ) -> None:
        """Take a `Date` header into account; anything that is not a date is ignored."""
        try:
            moment = parsedate_to_datetime(header).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            return
        self.add(sent, received, moment, resolution=1.0, monotonic=monotonic)

    @property
    def known(self) -> bool:
        """Whether there has been any response."""
        return math.isfinite(self._low)

    @property
    def offset(self) -> float:
        """Our clock minus the exchange's in seconds; 0 while unknown."""
        return (self._low + self._high) / 2 if self.known else 0.0

    @property
    def uncertainty(self) -> float:
        """The offset is off by at most this many seconds; infinite while unknown."""
        return (self._high - self._low) / 2 if self.known else math.inf

    def age(self, timestamp: float, now: float | None = None) -> float:
        """Seconds since `timestamp` of the exchange's clock; negative if it has not come yet."""
        return (time.time() if now is None else now) - self.offset - timestamp
