"""Says what the time of a trace was spent on: every moment counts once, so that the parts add up to the whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from ...semconv import database, exchange, runtime
from .model import Kind, Span, Trace


class Part(StrEnum):
    """What time can be spent on, in the order in which it is shown."""

    THROTTLE = "rate limiter"
    NETWORK = "exchange and network"
    DATABASE = "database"
    LOOP = "event loop blocked"
    CALL = "between services"
    OWN = "own work"
    UNSEEN = "no span"


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a trace's time.

    Attributes:
        seconds: How long.
        ratio: Of the whole trace.
    """

    part: Part
    seconds: float
    ratio: float


def break_down(trace: Trace) -> list[Share]:
    """The parts of a trace's time that are not zero, in the order of `Part`.

    Each moment belongs to the span that began last of those that were open. Waits in a client's
    rate limiter and for a blocked event loop have a length but no begin. Their span carries the length: it is taken
    from the time that the span has for itself.
    """
    own = _own_time(trace)
    lag = _own_lag(trace)
    spent: dict[Part, float] = defaultdict(float)
    spent[Part.UNSEEN] = max(trace.duration - sum(own.values()), 0.0)
    for span in trace.spans:
        rest = own[span.span_id]
        for part, seconds in ((Part.LOOP, lag[span.span_id]), (Part.THROTTLE, throttled(span))):
            taken = min(rest, seconds)
            spent[part] += taken
            rest -= taken
        spent[part_of(span)] += rest
    whole = trace.duration or 1.0
    # Shorter than the clock can tell is rounding.
    return [Share(part, spent[part], spent[part] / whole) for part in Part if spent[part] >= 1e-6]


def throttled(span: Span) -> float:
    """Seconds that the exchange client's rate limiter held a call back, before it was sent."""
    return _number(span, exchange.THROTTLE_WAIT)


def part_of(span: Span) -> Part:
    """What the time that a span has for itself is spent on."""
    if database.DB_SYSTEM_NAME in span.attributes:
        return Part.DATABASE
    if span.kind is Kind.CLIENT:
        return Part.NETWORK if exchange.NAME in span.attributes else Part.CALL
    return Part.OWN


def _own_time(trace: Trace) -> dict[str, float]:
    """Seconds during which each span was the latest to begin of those that were open."""
    own = {span.span_id: 0 for span in trace.spans}
    moments = sorted({moment for span in trace.spans for moment in (span.start_ns, span.end_ns)})
    spans = sorted(trace.spans, key=lambda span: (span.start_ns, -span.end_ns))
    open_spans: list[Span] = []
    waiting = iter(spans)
    following = next(waiting, None)
    for begin, end in pairwise(moments):
        while following is not None and following.start_ns <= begin:
            open_spans.append(following)
            following = next(waiting, None)
        open_spans = [span for span in open_spans if span.end_ns > begin]
        if open_spans:
            own[open_spans[-1].span_id] += end - begin
    return {span_id: nanoseconds / 1e9 for span_id, nanoseconds in own.items()}


def _own_lag(trace: Trace) -> dict[str, float]:
    """Seconds that the event loop was blocked while a span was open, less what spans below it carry already."""
    spans = {span.span_id: span for span in trace.spans}
    lag = {span.span_id: _number(span, runtime.EVENT_LOOP_LAG_ATTRIBUTE) for span in trace.spans}
    own = dict(lag)
    for span in trace.spans:
        if not lag[span.span_id]:
            continue
        seen = {span.span_id}
        above = spans.get(span.parent_id)
        while above is not None and above.span_id not in seen and above.service == span.service:
            if lag[above.span_id]:
                own[above.span_id] = max(own[above.span_id] - lag[span.span_id], 0.0)
                break
            seen.add(above.span_id)
            above = spans.get(above.parent_id)
    return own


def _number(span: Span, name: str) -> float:
    value = span.attributes.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
