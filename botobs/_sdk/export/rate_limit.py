"""A logger that writes one line a minute at most."""

from __future__ import annotations

import time

from ..safe import Log

logger = Log("botobs")


class RateLimitedLogger:
    """Writes at most one warning per interval to the logger `botobs`, and says how many it left out.

    Args:
        interval: Seconds between two lines.
    """

    def __init__(self, interval: float = 60.0) -> None:
        self._interval = interval
        self._next = 0.0
        self._suppressed = 0

    def warning(self, message: str, *arguments: object) -> bool:
        """Log `message`, unless another one was logged within the interval.

        Returns:
            Whether it was logged.
        """
        now = time.monotonic()
        if now < self._next:
            self._suppressed += 1
            return False
        self._next = now + self._interval
        if self._suppressed:
            message += " (and %d more of such lines)"
            arguments = (*arguments, self._suppressed)
            self._suppressed = 0
        logger.warning(message, *arguments)
        return True
