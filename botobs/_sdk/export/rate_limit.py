"""Log lines that cannot become a flood."""

from __future__ import annotations

import time

from ..safe import Log

logger = Log("botobs")


class Quiet:
    """Lets one line a minute through and says how many it kept back."""

    def __init__(self, interval: float = 60.0) -> None:
        self._interval = interval
        self._next = 0.0
        self._kept_back = 0

    def warning(self, message: str, *arguments: object) -> bool:
        """Log `message`, unless another line was logged less than a minute ago; whether it was logged."""
        now = time.monotonic()
        if now < self._next:
            self._kept_back += 1
            return False
        self._next = now + self._interval
        if self._kept_back:
            message += " (and %d more of such lines)"
            arguments = (*arguments, self._kept_back)
            self._kept_back = 0
        logger.warning(message, *arguments)
        return True
