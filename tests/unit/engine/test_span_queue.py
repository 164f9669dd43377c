"""Spans land unsorted and are sorted before they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from botobs._sdk.export.counts import Counts
from botobs._sdk.export.lanes import Lane
from botobs._sdk.export.queue import LANDING, WAKE, SpanQueue

from .conftest import Recording


def ended(recording: Recording, *names: str) -> list[Any]:
    for name in names:
        recording.tracer.start_span(name).end()
    return recording.ended


def test_landed_spans_are_sorted_by_importance(recording: Recording) -> None:
    queue = SpanQueue(10**6, Counts(), recording.engine.span_size)
    for span in ended(recording, "fetch_ticker binance", "create_order binance", "risk check"):
        assert not queue.land(span)
    assert (len(queue), queue.bytes, queue.take(9)) == (3, 0, None)
    queue.sort()
    taken = [queue.take(9) for _ in range(3)]
    assert [(lane, spans[0].name) for lane, spans in filter(None, taken)] == [
        (Lane.CRITICAL, "create_order binance"),
        (Lane.NORMAL, "risk check"),
        (Lane.BULK, "fetch_ticker binance"),
    ]
    assert len(queue) == 0


def test_what_lands_is_bounded_while_nobody_sends(recording: Recording) -> None:
    counts = Counts()
    queue = SpanQueue(50_000, counts, recording.engine.span_size)
    (span,) = ended(recording, "risk check")
    wakes = [queue.land(span) for _ in range(6_000)]
    assert wakes.index(True) == WAKE - 1
    assert len(queue.landed) <= LANDING + 1
    assert queue.bytes <= 50_000
    assert len(queue) + counts.total_dropped == 6_000


def test_a_span_that_cannot_be_sorted_is_counted(recording: Recording) -> None:
    counts = Counts()
    queue = SpanQueue(10**6, counts, recording.engine.span_size)
    queue.land(object())
    for span in ended(recording, "good"):
        queue.land(span)
    queue.sort()
    assert counts.dropped["traces", "normal", "not_encoded"] == 1
    assert len(queue) == 1


@pytest.mark.parametrize("text", ["a", "a" * 5_000])
def test_sizes_grow_with_what_a_span_holds(recording: Recording, text: str) -> None:
    small, large = recording.tracer.start_span("s"), recording.tracer.start_span("s", attributes={"k": text})
    large.add_event("e", {"k": text})
    size = recording.engine.span_size
    assert size(large) - size(small) > len(text)
