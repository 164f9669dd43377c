"""When a failed request may be repeated."""

from __future__ import annotations

import time

from ..ids import RANDOM

_FIRST_DELAY, _LAST_DELAY = 1.0, 30.0
#: Longest `Retry-After`, in seconds, that is honoured. OTLP asks to honour it and names no bound; the maintenance page
#: of a proxy may say a day. Twice our own longest delay spares a busy collector, and costs little if it was wrong.
_LONGEST_RETRY_AFTER = 60.0


class Backoff:
    """Exponential backoff with jitter, from 1 to 30 seconds.

    Attributes:
        retry_at: Reading of `time.monotonic` before which nothing is sent.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over, after a success or with another collector."""
        self.retry_at = 0.0
        self._delay = _FIRST_DELAY

    def retry_now(self) -> None:
        """Allow one attempt at once; a failure goes on with the delay that was reached."""
        self.retry_at = 0.0

    def failed(self, retry_after: float | None) -> None:
        """Wait before the next attempt.

        Args:
            retry_after: Seconds that the collector asked to wait, if it did.
        """
        # With jitter, so that the processes of a host do not come back all at once.
        delay = self._delay * RANDOM.uniform(0.5, 1.0)
        self.retry_at = time.monotonic() + max(delay, min(retry_after or 0.0, _LONGEST_RETRY_AFTER))
        self._delay = min(self._delay * 2, _LAST_DELAY)

    @property
    def ready(self) -> bool:
        """Whether a request may be sent now."""
        return time.monotonic() >= self.retry_at
