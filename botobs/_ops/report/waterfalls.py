"""Traces as waterfalls: rows of spans, with their places in time as parts of a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..traces import Part, Row, Share, Trace, break_down, lay_out, part_of, throttled
from . import units

#: Spans of one trace that are drawn.
_MOST = 80
#: Parts of a time axis.
_TICKS = 4

#: The part of the time by which a bar or a share is coloured, as the style sheet calls it.
_CLASSES = {
    Part.THROTTLE: "throttle",
    Part.NETWORK: "network",
    Part.POOL: "pool",
    Part.DATABASE: "database",
    Part.LOOP: "loop",
    Part.CALL: "call",
    Part.OWN: "own",
    Part.UNSEEN: "unseen",
}


@dataclass(frozen=True)
class Bar:
    """One span.

    Attributes:
        left: Where it begins, in percent of the whole.
        width: How long it is, in percent of the whole.
        throttle: The part of it, in percent of itself, in which the rate limiter held the call back.
        style: What its time is spent on, as the style sheet calls it.
    """

    row: Row
    left: float
    width: float
    throttle: float
    duration: str
    style: str


@dataclass(frozen=True)
class Slice:
    """One part of the whole time.

    Attributes:
        style: Its name in the style sheet.
        percent: Of the whole.
    """

    name: str
    style: str
    percent: float
    duration: str


@dataclass(frozen=True)
class Waterfall:
    """One trace.

    Attributes:
        ticks: Times on its axis, from the beginning to the end, at equal distances.
    """

    trace_id: str
    title: str
    services: str
    started: str
    duration: str
    failed: bool
    slices: Sequence[Slice]
    bars: Sequence[Bar]
    left_out: int
    ticks: Sequence[str] = ()


def draw(trace: Trace, most: int = _MOST) -> Waterfall:
    """A trace, ready for the page, with `most` spans at most."""
    rows = lay_out(trace)
    root = rows[0].span
    whole = trace.duration or 1e-9
    return Waterfall(
        trace_id=trace.trace_id,
        title=root.name,
        services=" → ".join(trace.services),
        started=units.clock(trace.start_ns / 1e9),
        duration=units.duration(trace.duration),
        failed=any(span.error for span in trace.spans),
        slices=[_slice(share) for share in break_down(trace)],
        bars=[_bar(row, whole) for row in rows[:most]],
        left_out=max(0, len(rows) - most),
        ticks=_ticks(trace.duration),
    )


def _ticks(whole: float) -> list[str]:
    scale = units.scale("s", whole)
    marks = [units.digits(whole * part / _TICKS / scale.divisor) for part in range(_TICKS + 1)]
    return [*marks[:-1], f"{marks[-1]}{scale.suffix}"]


def _slice(share: Share) -> Slice:
    return Slice(share.part, _CLASSES[share.part], round(share.ratio * 100, 2), units.duration(share.seconds))


def _bar(row: Row, whole: float) -> Bar:
    # A bar too short to be seen would be none.
    width = max(row.span.duration / whole * 100, 0.4)
    left = min(row.offset / whole * 100, 100 - width)
    waited = min(throttled(row.span) / row.span.duration, 1.0) if row.span.duration else 0.0
    return Bar(
        row=row,
        left=round(left, 2),
        width=round(width, 2),
        throttle=round(waited * 100, 1),
        duration=units.duration(row.span.duration),
        style=_CLASSES[part_of(row.span)],
    )
