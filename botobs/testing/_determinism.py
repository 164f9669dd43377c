"""Time and ids that are the same in every run."""

from __future__ import annotations

import itertools

from .._sdk.ids import IdGenerator, taken

#: Where the fake clock begins: 2024-01-01T00:00:00Z.
BEGIN = 1_704_067_200.0


class FakeClock:
    """A clock that stands still until a test moves it. Calling it gives the time, in seconds since the epoch.

    Args:
        start: Seconds since the epoch.
    """

    def __init__(self, start: float = BEGIN) -> None:
        self._start = self._nanoseconds = round(start * 1e9)
        self._readings = itertools.count()

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._nanoseconds / 1e9

    def elapsed(self) -> float:
        """Seconds since its start, to the nanosecond; the time since the epoch is too large a number for that."""
        return (self._nanoseconds - self._start) / 1e9

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds} s")
        self._nanoseconds += round(seconds * 1e9)

    def time_ns(self) -> int:
        """Nanoseconds since the epoch; each reading is one later than the last, so that spans have an order."""
        return self._nanoseconds + next(self._readings)


class SequentialIds(IdGenerator):
    """Trace and span ids that count from one."""

    def __init__(self) -> None:
        self._traces = itertools.count(1)
        self._spans = itertools.count(1)

    def generate_trace_id(self) -> int:
        """The next trace id, unless one was given."""
        ids = taken()
        return next(self._traces) if ids is None else ids.trace_id

    def generate_span_id(self) -> int:
        """The next span id, unless one was given."""
        ids = taken()
        return next(self._spans) if ids is None else ids.span_id
