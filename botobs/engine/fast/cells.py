"""Where measurements of one series are added up; also what `bind` returns.

There is no lock. CPython lets another thread run only between certain instructions: after a call, at the start of a
function, at a jump back. Between reading an attribute and writing it back, the methods here do none of these, so no
addition is lost and a collection never sees half of one. `tests/unit/engine/test_atomic.py` reads the compiled code to
keep it so on every version of Python. Without the interpreter's lock this is not true: such builds use the stock
engine.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from math import inf
from typing import Any

from opentelemetry.trace import Span

from ..._context import SPAN_KEY, Context, current
from .span import FastSpan

_logger = logging.getLogger(__name__)

#: Measurements of a collection interval that may look for a sampled span to become an exemplar. Those taken outside
#: of any trace would otherwise all look in vain.
_ATTEMPTS = 8

#: Value, nanoseconds since the epoch, trace id, span id.
Exemplar = tuple[float, int, int, int]


def exemplar(amount: float, context: Context | None) -> Exemplar | None:
    """`amount` with the ids of the sampled span in `context`, by default the current one."""
    span: Any = (current() if context is None else context).get(SPAN_KEY)
    if type(span) is FastSpan and span._trace is not None:
        return amount, time.time_ns(), span._trace[0], span._span_id
    if not isinstance(span, Span):
        return None
    ids = span.get_span_context()
    return (
        (amount, time.time_ns(), ids.trace_id, ids.span_id)
        if ids.is_valid and ids.trace_flags.sampled
        else None
    )


class Cell:
    """A series of one metric.

    Attributes:
        attributes: Cleaned, and not changed any more.
        start: When it began to count, in nanoseconds since the epoch.
        head: The encoded part of its data points that does not change, once it is known.
    """

    __slots__ = ("attributes", "head", "start")

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.attributes = attributes
        self.reset()

    def reset(self) -> None:
        """Begin from zero, as a forked child does."""
        self.start = time.time_ns()
        self.head: bytes | None = None


class _NumberCell(Cell):
    """A series with one number, and at most one exemplar an interval."""

    __slots__ = ("attempts", "kept")

    def reset(self) -> None:
        """Begin anew, as a forked child does."""
        super().reset()
        self.kept: Exemplar | None = None
        self.attempts = _ATTEMPTS

    def offer(self, amount: float, context: Context | None = None) -> None:
        """Keep `amount` as the interval's exemplar if it belongs to a sampled span."""
        found = exemplar(amount, context)
        if found is None:
            self.attempts -= 1
        else:
            self.attempts, self.kept = 0, found

    def take_exemplars(self) -> list[Exemplar]:
        """The interval's exemplars; a new interval begins."""
        found, self.kept, self.attempts = self.kept, None, _ATTEMPTS
        return [] if found is None else [found]


class SumCell(_NumberCell):
    """Adds up amounts that are not negative."""

    __slots__ = ("value",)

    def reset(self) -> None:
        """Begin from zero, as a forked child does."""
        super().reset()
        self.value: float = 0

    def add(self, amount: float) -> None:
        """Add `amount`; negative, infinite and undefined ones are ignored."""
        if 0 <= amount < inf:
            self.value += amount
            if self.attempts > 0:
                self.offer(amount)
        else:
            _logger.warning("A counter was to be changed by %s, which is ignored.", amount)


class UpDownCell(SumCell):
    """Adds up amounts of either sign."""

    __slots__ = ()

    def add(self, amount: float) -> None:
        """Add `amount`; infinite and undefined ones are ignored."""
        if -inf < amount < inf:
            self.value += amount
            if self.attempts > 0:
                self.offer(amount)
        else:
            _logger.warning("An up-down counter was to be changed by %s, which is ignored.", amount)


class GaugeCell(_NumberCell):
    """Keeps the last amount."""

    __slots__ = ("value",)

    def reset(self) -> None:
        """Forget the amount, as a forked child does."""
        super().reset()
        self.value: float | None = None

    def set(self, amount: float) -> None:
        """Replace the value by `amount`; infinite and undefined ones are ignored."""
        if -inf < amount < inf:
            self.value = amount
            if self.attempts > 0:
                self.offer(amount)
        else:
            _logger.warning("A gauge was to be set to %s, which is ignored.", amount)


class HistogramCell(Cell):
    """Counts amounts by bucket, and keeps their sum, minimum and maximum."""

    __slots__ = ("attempts", "bounds", "counts", "exemplars", "high", "low", "total")

    def __init__(self, attributes: dict[str, Any], bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        super().__init__(attributes)

    def reset(self) -> None:
        """Begin from zero, as a forked child does."""
        super().reset()
        buckets = len(self.bounds) + 1
        self.counts = [0] * buckets
        self.total: float = 0
        self.low: float = inf
        self.high: float = -inf
        self.exemplars: dict[int, Exemplar] = {}
        self.attempts = [_ATTEMPTS] * buckets

    def record(self, amount: float) -> None:
        """Count `amount`; negative, infinite and undefined ones are ignored."""
        if 0 <= amount < inf:
            bucket = bisect_left(self.bounds, amount)
            self.counts[bucket] += 1
            self.total += amount
            if amount < self.low:
                self.low = amount
            if amount > self.high:
                self.high = amount
            if self.attempts[bucket] > 0:
                self.offer(amount)
        else:
            _logger.warning("A histogram was to record %s, which is ignored.", amount)

    def offer(self, amount: float, context: Context | None = None) -> None:
        """Keep `amount` as its bucket's exemplar of the interval if it belongs to a sampled span."""
        bucket = bisect_left(self.bounds, amount)
        found = exemplar(amount, context)
        if found is None:
            self.attempts[bucket] -= 1
        else:
            self.attempts[bucket] = 0
            self.exemplars[bucket] = found

    def snapshot(self) -> tuple[list[int], float, float, float]:
        """Counts by bucket, sum, minimum and maximum of one moment."""
        return self.counts[:], self.total, self.low, self.high

    def take_exemplars(self) -> list[Exemplar]:
        """The interval's exemplars by rising bucket; a new interval begins."""
        found, self.exemplars = self.exemplars, {}
        self.attempts = [_ATTEMPTS] * len(self.counts)
        return [found[bucket] for bucket in sorted(found)]
