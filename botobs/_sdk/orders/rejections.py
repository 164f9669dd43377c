"""Orders that exchanges reject in quick succession: a burst of them is counted exactly, and exported at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

#: Seconds that a burst is counted over; as long it asks for early exports, and no longer.
WINDOW = 10.0
#: Rejections within the window from which on they are a burst.
FEW = 3
#: Seconds without any rejection that make the next one another burst.
_QUIET = 60.0
#: Exchanges that are distinguished, and rejections that are remembered of each.
_MOST_EXCHANGES = 100
_MOST_REJECTIONS = 1000


@dataclass(slots=True)
class _Answers:
    """The outcomes of orders at one exchange.

    Attributes:
        accepted: Orders that it has taken.
        rejected: For each order that it has lately rejected the monotonic time, and how many it had taken by then.
        last: Monotonic time of the last rejection.
        began: Monotonic time at which the burst began.
    """

    accepted: int = 0
    rejected: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_MOST_REJECTIONS))
    last: float = -_QUIET
    began: float = 0.0

    def burst(self, now: float) -> int:
        """Rejections within the window, if they are more than a few and at least half of all orders; else 0."""
        rejected = self.rejected
        # Several threads may take the same one away.
        with suppress(IndexError):
            while now - rejected[0][0] > WINDOW:
                rejected.popleft()
            count = len(rejected)
            if count >= FEW and count >= self.accepted - rejected[0][1]:
                return count
        return 0


class Rejections:
    """Counts rejected orders by exchange.

    Args:
        tell: Has metrics exported soon. It is called at each rejection of a burst, for the window's length from its
            begin: one that lasts costs no more than one that does not.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._exchanges: dict[str, _Answers] = {}

    def accepted(self, exchange: str) -> None:
        """An exchange has taken an order."""
        self._answers(exchange).accepted += 1

    def rejected(self, exchange: str) -> None:
        """An exchange has rejected an order."""
        now, answers = time.monotonic(), self._answers(exchange)
        if now - answers.last >= _QUIET:
            answers.began = now
        answers.last = now
        answers.rejected.append((now, answers.accepted))
        if now - answers.began <= WINDOW and answers.burst(now):
            self._tell()

    def bursts(self) -> Iterator[tuple[str, int]]:
        """The exchanges that reject orders in quick succession, and how many within the window."""
        now = time.monotonic()
        for exchange, answers in list(self._exchanges.items()):
            if found := answers.burst(now):
                yield exchange, found

    def forget(self) -> None:
        """Start over in a forked child."""
        self._exchanges = {}

    def _answers(self, exchange: str) -> _Answers:
        found = self._exchanges.get(exchange)
        if found is None:
            full = len(self._exchanges) >= _MOST_EXCHANGES
            found = self._exchanges.setdefault("other" if full else exchange, _Answers())
        return found
