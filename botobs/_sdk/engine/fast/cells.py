"""A cell adds up the measurements of one series; it is also what `bind` returns.

There is no lock. CPython lets another thread run only between certain instructions: after a call, at the start of a
function, at a jump back. Between reading an attribute and writing it back, the methods here do none of these, so no
addition is lost and a collection never sees half of one. `tests/unit/engine/test_atomic.py` reads the compiled code to
keep it so on every version of Python. Without the interpreter's lock this is not true: such builds use the stock
engine.
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_left
from math import inf
from typing import Any

from opentelemetry.trace import Span

from ...context import SPAN_KEY, Context, current, is_plain
from ...safe import number_of
from ..faults import FAULTS
from .span import FastSpan

#: The largest number that OTLP can represent.
MOST = sys.float_info.max

#: Types that are added as they are. Other numbers (`Decimal`, those of NumPy) are converted first: a sum that one of
#: them turned into something else would be lost with all that others have added to it.
_PLAIN = frozenset((int, float))

#: Measurements of a collection interval that may look for a sampled span to become an exemplar. Those taken outside
#: of any trace would otherwise all look in vain.
_ATTEMPTS = 8

#: Value, nanoseconds since the epoch, trace id, span id.
Exemplar = tuple[float, int, int, int]


def exemplar(amount: float, context: Context | None) -> Exemplar | None:
    """`amount` with the ids of the sampled span in `context`, by default the current one."""
    if context is not None and not is_plain(context):
        return None
    span: Any = (current() if context is None else context).get(SPAN_KEY)
    if type(span) is FastSpan and span._trace is not None:
        return amount, time.time_ns(), span._trace[0], span._span_id
    if span is None or not isinstance(span, Span):
        return None
    try:
        ids = span.get_span_context()
    except Exception:
        # A span of another provider, which may raise.
        return None
    return (
        (amount, time.time_ns(), ids.trace_id, ids.span_id)
        if ids.is_valid and ids.trace_flags.sampled
        else None
    )


class Cell:
    """A series of one metric.

    Attributes:
        attributes: Cleaned, and not changed any more.
        metric: The metric's name.
        start: When it began to count, in nanoseconds since the epoch.
        head: The encoded part of its data points that does not change, once it is known.
    """

    __slots__ = ("attributes", "head", "metric", "start")

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.attributes = attributes
        self.metric = ""
        self.reset()

    def reset(self) -> None:
        """Start from zero, as a forked child does."""
        self.start = time.time_ns()
        self.head: bytes | None = None

    def plain(self, amount: Any) -> float | None:
        """A number of another type as an int or a float; None, counted, if it is none."""
        plain = number_of(amount)
        if plain is None:
            self.refuse(amount)
        return plain

    def refuse(self, amount: Any) -> None:
        """Drop `amount`, which is no number, not finite, or negative where it must not be, and count that."""
        FAULTS.refuse(self.metric, amount)


class _NumberCell(Cell):
    """A series with one number, and at most one exemplar an interval."""

    __slots__ = ("attempts", "kept", "value")

    value: Any

    def reset(self) -> None:
        """Start over, as a forked child does."""
        super().reset()
        self.kept: Exemplar | None = None
        self.attempts = _ATTEMPTS

    def offer(self, amount: float, context: Context | None = None) -> None:
        """Keep `amount`, which was added, as the interval's exemplar if it belongs to a sampled span."""
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

    __slots__ = ()

    def reset(self) -> None:
        """Start from zero, as a forked child does."""
        super().reset()
        self.value = 0

    def add(self, amount: float) -> None:
        """Add `amount`; negative, infinite and undefined ones are ignored."""
        if type(amount) not in _PLAIN:
            plain = self.plain(amount)
            if plain is None:
                return
            amount = plain
        try:
            if not 0 <= amount <= MOST:
                self.refuse(amount)
                return
            self.value += amount
        except OverflowError:
            # A float, and a whole number beyond all floats.
            self.refuse(amount)
            return
        if self.attempts > 0:
            self.offer(amount)

    measure = add


class UpDownCell(SumCell):
    """Adds up amounts of either sign."""

    __slots__ = ()

    def add(self, amount: float) -> None:
        """Add `amount`; infinite and undefined ones are ignored."""
        if type(amount) not in _PLAIN:
            plain = self.plain(amount)
            if plain is None:
                return
            amount = plain
        try:
            if not -MOST <= amount <= MOST:
                self.refuse(amount)
                return
            self.value += amount
        except OverflowError:
            self.refuse(amount)
            return
        if self.attempts > 0:
            self.offer(amount)

    measure = add


class GaugeCell(_NumberCell):
    """Keeps the last amount."""

    __slots__ = ()

    def reset(self) -> None:
        """Forget the amount, as a forked child does."""
        super().reset()
        self.value = None

    def set(self, amount: float) -> None:
        """Replace the value by `amount`; infinite and undefined ones are ignored."""
        if type(amount) not in _PLAIN:
            plain = self.plain(amount)
            if plain is None:
                return
            amount = plain
        if not -MOST <= amount <= MOST:
            self.refuse(amount)
            return
        self.value = amount
        if self.attempts > 0:
            self.offer(amount)

    measure = set


class HistogramCell(Cell):
    """Counts amounts by bucket, and keeps their sum, minimum and maximum."""

    __slots__ = ("attempts", "bounds", "counts", "exemplars", "high", "low", "total")

    def __init__(self, attributes: dict[str, Any], bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        super().__init__(attributes)

    def reset(self) -> None:
        """Start from zero, as a forked child does."""
        super().reset()
        buckets = len(self.bounds) + 1
        self.counts = [0] * buckets
        # A float from the start: an amount that cannot be added to one raises before anything is counted.
        self.total: float = 0.0
        self.low: float = inf
        self.high: float = -inf
        self.exemplars: dict[int, Exemplar] = {}
        self.attempts = [_ATTEMPTS] * buckets

    def record(self, amount: float) -> None:
        """Count `amount`; negative, infinite and undefined ones are ignored."""
        if type(amount) not in _PLAIN:
            plain = self.plain(amount)
            if plain is None:
                return
            amount = plain
        if not 0 <= amount <= MOST:
            self.refuse(amount)
            return
        bucket = bisect_left(self.bounds, amount)
        self.total += amount
        self.counts[bucket] += 1
        if amount < self.low:
            self.low = amount
        if amount > self.high:
            self.high = amount
        if self.attempts[bucket] > 0:
            self.offer(amount)

    measure = record

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
        """Counts by bucket, sum, minimum and maximum, consistent with one another."""
        return self.counts[:], self.total, self.low, self.high

    def take_exemplars(self) -> list[Exemplar]:
        """The interval's exemplars by rising bucket; a new interval begins."""
        found, self.exemplars = self.exemplars, {}
        self.attempts = [_ATTEMPTS] * len(self.counts)
        return [found[bucket] for bucket in sorted(found)]


def offer(cell: SumCell | GaugeCell | HistogramCell, amount: Any, context: Context) -> None:
    """Keep any amount as an exemplar of a span in a context that was passed, if it is a finite number."""
    plain = number_of(amount)
    if plain is not None:
        cell.offer(plain, context)
