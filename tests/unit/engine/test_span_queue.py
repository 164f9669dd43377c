"""Spans land unsorted and are sorted before they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from botobs._sdk.export.counts import Counts
from botobs._sdk.export.priority import Priority
from botobs._sdk.export.queue import MAX_UNSORTED, WAKE_AT, SpanQueue

from .conftest import Recording


def ended(recording: Recording, *names: str) -> list[Any]:
    for name in names:
        recording.tracer.start_span(name).end()
    return recording.ended


def test_landed_spans_are_sorted_by_importance(recording: Recording) -> None:
    queue = SpanQueue(10**6, Counts(), recording.engine.span_size)
    for span in ended(recording, "fetch_ticker binance", "create_order binance", "risk check"):
        assert not queue.add_unsorted(span)
    assert (len(queue), queue.bytes, queue.take(9)) == (3, 0, None)
    queue.sort()
    taken = [queue.take(9) for _ in range(3)]
    assert [(priority, spans[0].name) for priority, spans in filter(None, taken)] == [
        (Priority.CRITICAL, "create_order binance"),
        (Priority.NORMAL, "risk check"),
        (Priority.BULK, "fetch_ticker binance"),
    ]
    assert len(queue) == 0


def test_what_lands_is_bounded_while_nobody_sends(recording: Recording) -> None:
    counts = Counts()
    queue = SpanQueue(50_000, counts, recording.engine.span_size)
    (span,) = ended(recording, "risk check")
    wakes = [queue.add_unsorted(span) for _ in range(6_000)]
    assert wakes.index(True) == WAKE_AT - 1
    assert len(queue.unsorted) <= MAX_UNSORTED + 1
    assert queue.bytes <= 50_000
    assert len(queue) + counts.dropped.total() == 6_000


def test_a_span_that_cannot_be_sorted_is_counted(recording: Recording) -> None:
    counts = Counts()
    queue = SpanQueue(10**6, counts, recording.engine.span_size)
    queue.add_unsorted(object())
    for span in ended(recording, "good"):
        queue.add_unsorted(span)
    queue.sort()
    assert counts.dropped["traces", "normal", "not_encoded"] == 1
    assert len(queue) == 1


@pytest.mark.parametrize("text", ["a", "a" * 5_000])
def test_sizes_grow_with_what_a_span_holds(recording: Recording, text: str) -> None:
    small, large = recording.tracer.start_span("s"), recording.tracer.start_span("s", attributes={"k": text})
    large.add_event("e", {"k": text})
    size = recording.engine.span_size
    assert size(large) - size(small) > len(text)
